"""What `HeteroClient` does with host values that hold device blobs."""

from collections.abc import Sequence

from yr_fake_ds import device_texts, texts
from yr_fake_ds.client import host_transfers
from yr_fake_ds.client import keys as key_checks
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.kv_calls import NX, PRAM, KvCalls
from yr_fake_ds.client.session import Session
from yr_fake_ds.errors import StatusError

L2_MODES = frozenset({1, 2, 4})


class HeteroCalls(KvCalls):
    """The host-side calls of one `HeteroClient`; delete, exist and generate_key are a KV client's.

    Called from any thread; all raise StatusError.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._hetero_session = session

    def store_blobs(
        self,
        keys: list[str],
        blobs: Sequence[Blobs],
        write_mode: int,
        ttl_s: int,
        existence: int,
    ) -> None:
        """Copy device blobs to host values; keys that exist stay as they are."""
        from yr_fake_ds.protocol import Parameters

        self._hetero_session.link()
        key_checks.check_batch(keys)
        _check_lengths(keys, blobs)
        if write_mode in L2_MODES:
            raise refuse(device_texts.NO_L2_FOR_DEVICES, mode=write_mode)
        parameters = Parameters(PRAM, write_mode, 0, ttl_s)
        present = self.exist(keys)
        missing = [
            row
            for row, exists in zip(zip(keys, blobs, strict=True), present, strict=True)
            if not exists
        ]
        host_transfers.store(
            self._hetero_session, missing, parameters, only_if_absent=existence == NX
        )

    def load_blobs(self, keys: list[str], blobs: Sequence[Blobs], wait_ms: int) -> list[str]:
        """Copy host values to device blobs; returns the missing keys, raises if all are."""
        self._hetero_session.link()
        key_checks.check_batch(keys)
        _check_lengths(keys, blobs)
        return host_transfers.load_found(self._hetero_session, keys, blobs, wait_ms)

    def host_sizes(self, keys: list[str]) -> list[list[int] | None]:
        """Return the blob sizes of host values, None for a key without; raises if all are."""
        self._hetero_session.link()
        key_checks.check_batch(keys)
        try:
            sizes = host_transfers.blob_sizes(self._hetero_session, keys)
        except StatusError as error:
            raise _meta_not_found(error) from None
        if not any(sizes):
            raise refuse(texts.META_NOT_FOUND)
        return sizes


def _check_lengths(keys: Sequence[str], blobs: Sequence[Blobs]) -> None:
    if len(keys) != len(blobs):
        raise refuse(device_texts.SET_LENGTHS, keys=len(keys), lists=len(blobs))


def _meta_not_found(error: StatusError) -> StatusError:
    return refuse(texts.META_NOT_FOUND) if error.status == texts.NOT_FOUND else error
