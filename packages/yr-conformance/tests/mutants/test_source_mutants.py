"""The mutants of sources fit what they change; `nox -s mutants` tries them all."""

import ast
import pathlib
import subprocess
import sys

import pytest
from source_mutants import SOURCES, Change, SourceMutant, StaleMutantError, directory_of, load

MUTANTS = [mutant for path in sorted(SOURCES.iterdir()) for mutant in load(path.name)]
EVERY = pathlib.Path(__file__).with_name("every_mutant.py")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_still_fits_and_can_be_read(mutant: SourceMutant) -> None:
    """The lines that it changes are there once, and what it makes of them is Python."""
    texts: dict[str, str] = {}
    for change in mutant.changes:
        path = directory_of(mutant.package) / change.file
        before = texts.get(change.file) or path.read_text(encoding="utf-8")
        texts[change.file] = change.apply(before)

    assert mutant.breaks.endswith(".")
    assert mutant.noticed_by
    for text in [] if mutant.is_native else texts.values():
        ast.parse(text)


def test_names_are_unique() -> None:
    """No two mutants of sources have one name."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_mutant_whose_lines_are_gone_is_an_error() -> None:
    """A change that fits nowhere, or twice, is refused."""
    for text in ("", "here\nhere\n"):
        with pytest.raises(StaleMutantError, match="times: here"):
            Change("a.py", "here", "there").apply(text)


def test_a_copy_is_broken_and_the_package_is_not(tmp_path: pathlib.Path) -> None:
    """The copy has the change, all else as it is."""
    mutant = next(one for one in MUTANTS if not one.is_native)
    change = mutant.changes[0]
    original = directory_of(mutant.package) / change.file
    before = original.read_text(encoding="utf-8")

    mutant.write_into(tmp_path)

    assert (tmp_path / mutant.package / change.file).read_text(encoding="utf-8") != before
    assert original.read_text(encoding="utf-8") == before


def test_page_and_data_are_those_of_the_mutants() -> None:
    """docs/mutants.md and mutants.json are what `every_mutant.py` makes; it knows every clause."""
    command = [sys.executable, str(EVERY), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
