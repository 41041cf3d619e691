"""Tables and the progress bar on a terminal, by rich."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import rich.box
import rich.console
import rich.progress
import rich.table
from rich.markup import escape

from bench.tables import Table

_PLAIN_WIDTH = 200
"""Where the output is no terminal, which has no width of its own."""


class Terminal:
    """Where the harness speaks."""

    def __init__(self) -> None:
        self._console = rich.console.Console()
        if not self._console.is_terminal:
            self._console = rich.console.Console(width=_PLAIN_WIDTH)

    def say(self, words: str) -> None:
        """Print a line."""
        self._console.print(escape(words), highlight=False)

    def show(self, table: Table) -> None:
        """Print a table and its notes."""
        drawn = rich.table.Table(
            title=escape(table.title), box=rich.box.SIMPLE, title_justify="left"
        )
        for number, name in enumerate(table.head):
            drawn.add_column(escape(name), justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            drawn.add_row(*map(escape, row))
        self._console.print(drawn)
        for note in table.notes:
            self.say(f"  {note}")

    @contextlib.contextmanager
    def progress(self, turns: int) -> Iterator[Callable[[str], None]]:
        """Show how far a run of so many turns is; give what is called before each.

        Where the output is no terminal, a line for each work instead of a bar.
        """
        if not self._console.is_terminal:
            yield _Lines(self.say)
            return
        columns = (
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn("{task.description}"),
        )
        with rich.progress.Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=turns)

            def told(what: str) -> None:
                bar.update(task, advance=1, description=escape(what))

            yield told


class _Lines:
    """Says what is being done whenever that is another work."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last, self._begin = say, "", time.monotonic()

    def __call__(self, what: str) -> None:
        work = what.partition(":")[0]
        if work != self._last:
            self._last = work
            self._say(f"{time.monotonic() - self._begin:6.0f} s  {work}")
