"""Statuses: the SDK's errors carry no code, so it is read from the text, as users must."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_CODE = re.compile(r"code: \[(?P<code>[^\]]*)\], msg: \[(?P<message>.*)\]", re.DOTALL)


def split_status(text: str) -> tuple[str, str]:
    """Split `code: [NAME], msg: [TEXT]`; AssertionError when it has not that shape."""
    match = _CODE.fullmatch(text.strip())
    assert match, f"no status text: {text!r}"
    return match["code"], match["message"]


@contextmanager
def raises_status(code: str, *fixed_texts: str) -> Iterator[None]:
    """Expect a RuntimeError with this code and these fixed parts of its message."""
    with pytest.raises(RuntimeError) as raised:
        yield
    found, message = split_status(str(raised.value))
    assert found == code, f"expected [{code}], got {raised.value}"
    for text in fixed_texts:
        assert text in message, f"expected {text!r} in {raised.value}"


def failure(call: Callable[..., Any], *arguments: Any) -> str:
    """Give the text of the RuntimeError that a call raises; AssertionError if it raises none."""
    with pytest.raises(RuntimeError) as raised:
        call(*arguments)
    return str(raised.value)
