"""Where clauses come from."""

from __future__ import annotations

from typing import Final

MEASURED: Final = "measured on openyuanrong-datasystem 0.8.1"
SDK_SOURCE: Final = "Python source of openyuanrong-datasystem 0.8.1"
