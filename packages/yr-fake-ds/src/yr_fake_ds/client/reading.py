"""`KVClient.read`: private copies of parts of values."""

from yr_fake_ds import texts
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.retrieval import take
from yr_fake_ds.client.session import Session


def read_parts(session: Session, parts: list[tuple[str, int, int]]) -> list[Allocation | None]:
    """Return a local copy of each part (key, offset, size), None where the key is missing.

    A size is cut at the end of the value, 0 means up to there; a later offset is "Out of range";
    two different parts of one key are refused (measured on openyuanrong-datasystem 0.8.1).
    """
    _refuse_duplicates(parts)
    values = take(session, [key for key, _offset, _size in parts], 0)
    return [
        None if value is None else _copy(value, offset, size)
        for value, (_key, offset, size) in zip(values, parts, strict=True)
    ]


def _refuse_duplicates(parts: list[tuple[str, int, int]]) -> None:
    seen: dict[str, tuple[int, int]] = {}
    for key, offset, size in parts:
        if seen.setdefault(key, (offset, size)) != (offset, size):
            raise refuse(texts.READ_DUPLICATE, key=key)


def _copy(value: Allocation, offset: int, size: int) -> Allocation:
    if offset >= value.size:
        raise refuse(texts.READ_OUT_OF_RANGE, offset=offset, size=value.size)
    part = value.view()[offset : offset + size if size else value.size]
    copy = Allocation(value.key, part.nbytes, value.session, value.link, None)
    copy.view()[:] = part
    return copy
