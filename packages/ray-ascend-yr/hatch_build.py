"""Writes into a wheel and an sdist from which commit they were built: `ray_ascend.__commit__`.

A working copy gives its own commit, with `-dirty` when files differ from it; an sdist keeps the one
that is in it. An editable installation has none.
"""

from __future__ import annotations

import pathlib
import subprocess
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_MODULE = "ray_ascend/_commit.py"
_DESCRIBE = ("git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


class CommitHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the module that holds the commit, where one is known."""
        root = pathlib.Path(self.root)
        if version == "editable" or (root / "src" / _MODULE).exists():
            return
        if commit := _commit(root):
            written = self._written()
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(f'"""Written by the build."""\n\nCOMMIT = "{commit}"\n')
            prefix = "src/" if self.target_name == "sdist" else ""
            build_data["force_include"][str(written)] = prefix + _MODULE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what `initialize` wrote: people look for wheels there."""
        self._written().unlink(missing_ok=True)

    def _written(self) -> pathlib.Path:
        return pathlib.Path(self.directory) / "ray_ascend_commit.py"


def _commit(directory: pathlib.Path) -> str:
    try:
        done = subprocess.run(_DESCRIBE, cwd=directory, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
