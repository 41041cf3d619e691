"""A pytest plugin that executes the blocks of pages: `pytest -p execution docs/start/laptop.md`.

Each page is a reader with an empty folder, who does what it says from top to bottom:

python, toml, ini or yaml whose first line is `# NAME`   saved as that file
python          executed, in one process for all blocks of the page (`reader.py`)
console, sh     run by bash in the folder (`shell.py`)
text            what the block before it printed; `...` stands for any text
json, yaml, toml    read, so that it is at least well-formed

All pages share one Ray cluster and the worker of its node, which another process holds
(`ground.py`). What docs/not-executed.toml lists is left out.
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import ground
import pytest
import shell
import yaml
from blocks import LIST, PAGES, ROOT, Block, listed_first_lines, regions_of
from reader import Reader
from sybil import Sybil
from sybil.document import Document
from sybil.example import Example
from sybil.region import Region

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_STATE, _CLUSTER = "state_of_page", "shared_cluster"


@dataclass
class _Page:
    """What a page's blocks have made so far."""

    folder: pathlib.Path
    afterwards: ExitStack
    printed: str = ""
    readers: list[Reader] = field(default_factory=list)

    def reader(self) -> Reader:
        if not self.readers:
            self.readers.append(Reader(self.folder))
            self.afterwards.callback(self.readers[0].close)
        return self.readers[0]


def _parse(document: Document) -> Iterator[Region]:
    for region, block in regions_of(document):
        if block.first_line not in listed_first_lines(block.page):
            region.parsed = block
            region.evaluator = _execute
            yield region


def _execute(example: Example) -> str | None:
    """Give what is wrong, which Sybil reports with the place, or None."""
    block: Block = example.parsed
    page: _Page = example.namespace[_STATE]
    if block.file:
        (page.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
        (page.folder / block.file).write_text(block.source, encoding="utf-8")
        return None
    if block.language not in _KINDS or block.installs:
        what = "it installs" if block.installs else f"nothing executes {block.language!r}"
        return f"{what}: list it in {LIST.name}"
    try:
        page.printed = _KINDS[block.language](block, page)
    except shell.BlockError as error:
        return str(error)
    return None


def _python(block: Block, page: _Page) -> str:
    printed, failed = page.reader().execute(block.source, str(ROOT / block.page), block.line)
    if failed:
        raise shell.BlockError(f"{printed}\n{failed}")
    return printed


def _text(block: Block, page: _Page) -> str:
    shell.compare(block.source, page.printed, f"{block.page}:{block.line}")
    return page.printed


def _well_formed(read: Callable[[str], Any]) -> Callable[[Block, _Page], str]:
    def evaluate(block: Block, _: _Page) -> str:
        read(block.source)
        return ""

    return evaluate


_KINDS: dict[str, Callable[[Block, _Page], str]] = {
    "python": _python,
    "text": _text,
    "console": lambda block, page: shell.run_console(block.source, page.folder),
    "sh": lambda block, page: shell.run_script(block.source, page.folder),
    "json": _well_formed(json.loads),
    "toml": _well_formed(tomllib.loads),
    "yaml": _well_formed(lambda text: list(yaml.safe_load_all(text))),
}


def _begin(namespace: dict[str, Any]) -> None:
    afterwards = ExitStack()
    folder = afterwards.enter_context(tempfile.TemporaryDirectory(prefix="page-"))
    namespace[_STATE] = _Page(pathlib.Path(folder), afterwards)


def _end(namespace: dict[str, Any]) -> None:
    namespace[_STATE].afterwards.close()


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[None]:
    """A Ray cluster with its backend, to which `ray.init()` in every block connects."""
    with ground.prepared() as variables, pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        yield


pytest_collect_file = Sybil(
    parsers=[_parse],
    path=str(ROOT),
    patterns=PAGES,
    setup=_begin,
    teardown=_end,
    fixtures=[_CLUSTER],
).pytest()
