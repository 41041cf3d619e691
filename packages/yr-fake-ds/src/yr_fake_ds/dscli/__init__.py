"""The fake's `dscli`: start and stop workers, with the texts and exit codes of the real one."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the shim's script; returns the exit status."""
    from yr_fake_ds.dscli.command import run

    return run(arguments)
