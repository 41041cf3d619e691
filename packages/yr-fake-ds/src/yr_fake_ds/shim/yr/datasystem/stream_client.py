"""`yr.datasystem.stream_client`, provided by yr-fake-ds."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.enums import SubconfigType
from yr_fake_ds.sdk.stream_client import Consumer, Producer, StreamClient
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = ["Consumer", "Producer", "StreamClient", "SubconfigType", "ds", "validator"]
