"""What dscli prints: information on standard output, errors on standard error."""

from __future__ import annotations

import sys


class StartError(Exception):
    """A worker cannot be started; the text is what dscli prints behind "Start failed: "."""


class StopError(Exception):
    """A worker cannot be stopped; the text is what dscli prints behind "Stop failed: "."""


def info(text: str) -> None:
    """Print one line of information."""
    sys.stdout.write(f"[INFO] {text}\n")
    sys.stdout.flush()


def error(text: str) -> None:
    """Print one line of an error."""
    sys.stderr.write(f"[ERROR] {text}\n")
