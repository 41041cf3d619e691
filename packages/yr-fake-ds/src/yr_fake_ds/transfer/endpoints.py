"""Endpoints and devices as texts: ``host:port`` and ``npu:0``, refused as the real engine does."""

from typing import Final, NamedTuple

from yr_fake_ds.addresses import MAX_PORT
from yr_fake_ds.transfer import texts
from yr_fake_ds.transfer.texts import refusal

DEVICE_PREFIX: Final = "npu:"
MAX_DEVICE: Final = 2**31 - 1
_DIGITS: Final = frozenset("0123456789")


class Endpoint(NamedTuple):
    """Where an engine listens, or where a peer does."""

    host: str
    port: int


def parse_endpoint(text: str) -> Endpoint:
    """Split ``host:port``, the host in brackets or not; EngineError if it is none."""
    if not text:
        raise refusal(texts.ENDPOINT_EMPTY)
    host, port = _split_bracketed(text) if text.startswith("[") else _split(text)
    if not host:
        raise refusal(texts.HOST_EMPTY)
    if not port:
        raise refusal(texts.PORT_EMPTY)
    return Endpoint(host, _port_number(port))


def parse_device(name: str) -> int:
    """Return the number in ``npu:<number>``; EngineError if the name is another."""
    if len(name) <= len(DEVICE_PREFIX):
        raise refusal(texts.DEVICE_INVALID)
    if not name.startswith(DEVICE_PREFIX):
        raise refusal(texts.DEVICE_PREFIX)
    digits = name[len(DEVICE_PREFIX) :]
    if not _DIGITS.issuperset(digits):
        raise refusal(texts.DEVICE_NO_NUMBER)
    if _exceeds(digits, MAX_DEVICE):
        raise refusal(texts.DEVICE_TOO_LARGE)
    return _number(digits)


def _split_bracketed(text: str) -> tuple[str, str]:
    host, bracket, rest = text[1:].partition("]")
    if not bracket:
        raise refusal(texts.ENDPOINT_INVALID)
    if not rest.startswith(":"):
        raise refusal(texts.ENDPOINT_WITHOUT_PORT)
    return host, rest[1:]


def _split(text: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    if not colon:
        raise refusal(texts.ENDPOINT_WITHOUT_COLON)
    return host, port


def _port_number(digits: str) -> int:
    if not _DIGITS.issuperset(digits):
        raise refusal(texts.PORT_NO_NUMBER)
    if _exceeds(digits, MAX_PORT):
        raise refusal(texts.PORT_TOO_LARGE)
    number = _number(digits)
    if not number:
        raise refusal(texts.PORT_ZERO)
    return number


def _exceeds(digits: str, limit: int) -> bool:
    return len(digits.lstrip("0")) > len(str(limit)) or _number(digits) > limit


def _number(digits: str) -> int:
    # Not int() alone, which refuses thousands of digits.
    return int(digits.lstrip("0") or "0")
