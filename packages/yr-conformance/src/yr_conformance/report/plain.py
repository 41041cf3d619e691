"""Plain text of what a run printed: without colours, and without what no document may hold."""

from __future__ import annotations

import re
from typing import Final

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_NO_TEXT: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """Give the text with colours taken out, and a question mark for all that XML may not hold."""
    return _NO_TEXT.sub("?", _COLOURS.sub("", text))
