"""`yr`, of which only `yr.datasystem` is described here; other distributions have other parts."""

from typing import Any

def __getattr__(name: str) -> Any: ...
