"""`yr.datasystem.ds_client`, provided by yr-fake-ds."""

from yr_fake_ds.sdk.ds_client import DsClient
from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.kv_client import KVClient
from yr_fake_ds.sdk.object_client import ObjectClient
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = ["DsClient", "HeteroClient", "KVClient", "ObjectClient", "validator"]
