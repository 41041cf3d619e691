"""What a contender that cannot run says."""

from __future__ import annotations


class CannotRunError(Exception):
    """A contender cannot do a work; the text is the reason, shown in place of a figure."""
