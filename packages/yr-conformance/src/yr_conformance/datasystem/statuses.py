"""Statuses: the SDK's errors carry no code, so it is read from the text, as users must."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_CODE = re.compile(r"code: \[(?P<code>[^\]]*)\], msg: \[(?P<message>.*)\]", re.DOTALL)


def split_status(text: Any) -> tuple[str, str]:
    """Split `code: [NAME], msg: [TEXT]`; AssertionError when it has not that shape."""
    match = _CODE.fullmatch(str(text).strip())
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


def told(call: Callable[..., Any], *arguments: Any) -> Any:
    """Give what a call returns, or the text of the RuntimeError that it raises.

    For records of costly situations: whether it should have failed is for the clauses to say.
    """
    try:
        return call(*arguments)
    except RuntimeError as error:
        return str(error)
