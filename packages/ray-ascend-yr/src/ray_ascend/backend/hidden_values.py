"""Flags of a worker whose values nobody else may read: hidden in errors, warnings and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
_NAME = r"\w*(?:password|passphrase|secret_key|access_key|data_key)"
_SECRET = re.compile(_NAME)
_WORD = r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\]|['"\\].*)+"""
_GIVEN = re.compile(rf"(--?{_NAME}(?:=|\s+)){_WORD}", re.DOTALL)


def is_secret(flag: str) -> bool:
    """Tell whether the value of a flag (no dashes) is a secret."""
    return _SECRET.fullmatch(flag) is not None


def shown(flags: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give flags with their values, as they may be shown."""
    return tuple((name, HIDDEN if value and is_secret(name) else value) for name, value in flags)


def without_secrets(text: str) -> str:
    """Hide what stands behind such flags in a text, quoted as in a shell or not at all."""
    return _GIVEN.sub(rf"\g<1>{HIDDEN}", text)
