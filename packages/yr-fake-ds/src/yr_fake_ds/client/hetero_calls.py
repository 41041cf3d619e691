"""The host-side calls of `HeteroClient`; there are no device objects."""

from typing import NoReturn

from yr_fake_ds import texts
from yr_fake_ds.client import keys as key_checks
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.kv_calls import KvCalls
from yr_fake_ds.client.session import Session


class HeteroCalls(KvCalls):
    """The calls of one `HeteroClient`; delete, exist and generate_key are those of a KV client."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._hetero_session = session

    def device_delete(self, keys: list[str]) -> list[str]:
        """Check the keys and succeed: deleting what does not exist is a success."""
        self._hetero_session.link()
        key_checks.check_batch(keys)
        return []

    def meta_info(self, keys: list[str]) -> NoReturn:
        """Raise "Key not found"."""
        self._hetero_session.link()
        key_checks.check_batch(keys)
        raise refuse(texts.META_NOT_FOUND)
