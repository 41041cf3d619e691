"""What goes wrong with reports: all of it is one error, whose text says what to do."""

from __future__ import annotations


class ReportError(Exception):
    """A report cannot be read or written; the text names the file and what to do about it."""
