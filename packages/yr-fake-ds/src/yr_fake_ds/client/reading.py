"""`KVClient.read`: private copies of parts of values."""

from yr_fake_ds import texts
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.retrieval import take
from yr_fake_ds.client.session import Session


def read_parts(session: Session, parts: list[tuple[str, int, int]]) -> list[Allocation | None]:
    """Return a local copy of each part (key, offset, size), None where there is none.

    A size is cut at the end of the value, 0 means up to there. If no part can be given, a key whose
    offset is behind the end makes it "Out of range"; two different parts of one key are refused
    (measured on openyuanrong-datasystem 0.8.1).
    """
    _refuse_duplicates(parts)
    values = take(session, [key for key, _offset, _size in parts], 0)
    found = [
        _copy(value, offset, size) if value is not None and offset < value.size else None
        for value, (_key, offset, size) in zip(values, parts, strict=True)
    ]
    if all(part is None for part in found):
        _refuse_first(values, parts)
    return found


def _refuse_duplicates(parts: list[tuple[str, int, int]]) -> None:
    seen: dict[str, tuple[int, int]] = {}
    for key, offset, size in parts:
        if seen.setdefault(key, (offset, size)) != (offset, size):
            raise refuse(texts.READ_DUPLICATE, key=key)


def _refuse_first(values: list[Allocation | None], parts: list[tuple[str, int, int]]) -> None:
    for value, (_key, offset, _size) in zip(values, parts, strict=True):
        if value is not None:
            raise refuse(texts.READ_OUT_OF_RANGE, offset=offset, size=value.size)


def _copy(value: Allocation, offset: int, size: int) -> Allocation:
    part = value.view()[offset : offset + size if size else value.size]
    copy = Allocation(value.key, part.nbytes, value.session, value.link, None)
    copy.view()[:] = part
    return copy
