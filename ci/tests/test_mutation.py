"""`nox -s mutation`: what it is told fits the sources, and what it finds is told in full."""

from __future__ import annotations

import importlib
import pathlib

import explanations
import modules
import pytest
import score_page
from changes import Outcomes, Survivor
from modules import Module

MODULES = modules.read()
SURVIVOR = Survivor("a/b.py", "x = 1", "x = 2")
OTHER = Survivor("a/c.py", "y = 1", "y = 2")


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.name)
def test_modules_and_their_tests_are_there(module: Module) -> None:
    """Whatever is named in modules.toml is a file."""
    named = [module.source, *(f"tests/{test}" for test in module.tests)]

    assert [one for one in named if not (module.directory / one).is_file()] == []


def test_explained_lines_are_those_of_the_modules() -> None:
    """An explanation of a line that is not there any more is refused before anything is tried."""
    texts = {
        one.name: " ".join((one.directory / one.source).read_text(encoding="utf-8").split())
        for one in MODULES
    }

    missing = [
        one
        for one in explanations.read()
        if " ".join(one.line.split()) not in texts.get(one.module, "")
    ]

    assert missing == []


def test_reasons_are_sentences() -> None:
    """Nobody gets by with an empty reason."""
    assert [one for one, why in explanations.read().items() if len(why.split()) < 3] == []


def test_explanations_are_read(tmp_path: pathlib.Path) -> None:
    """One reason may be that of several changes of a line."""
    file = tmp_path / "survivors.toml"
    file.write_text(
        '[["a/b.py"]]\nline = "x = 1"\nwhy = "any number does"\ninstead = ["x = 0", "x = 2"]\n',
        encoding="utf-8",
    )

    known = explanations.read(file)

    assert known == {
        SURVIVOR: "any number does",
        Survivor("a/b.py", "x = 1", "x = 0"): "any number does",
    }


def test_what_has_no_reason_and_what_needs_none_any_more() -> None:
    """Both are told, the latter only of modules that were tried."""
    known = {SURVIVOR: "any number does"}

    assert explanations.unexplained([SURVIVOR, OTHER], known) == [OTHER]
    assert explanations.outdated([OTHER], known, ["a/b.py"]) == [SURVIVOR]
    assert explanations.outdated([OTHER], known, ["a/c.py"]) == []


def test_the_page_has_a_row_for_each_module_and_one_for_all() -> None:
    """What was noticed is all but the survivors."""
    page = score_page.page([Outcomes("a/b.py", 10, (SURVIVOR,)), Outcomes("a/d.py", 30, ())])

    assert "| a/b.py | 10 | 9 | 1 | 90.0% |" in page
    assert "| all | 40 | 39 | 1 | 97.5% |" in page


def test_the_page_has_all_modules() -> None:
    """docs/mutation.md is written anew when a module is added."""
    page = score_page.PAGE.read_text(encoding="utf-8")

    assert [one.name for one in MODULES if f"| {one.name} |" not in page] == []


@pytest.mark.parametrize(
    ("body", "limit_s", "outcome"),
    [
        ("pass", 60.0, "SURVIVED"),
        ("assert False", 60.0, "KILLED"),
        ("import time; time.sleep(60)", 1.0, "KILLED"),
    ],
    ids=["passes", "fails", "hangs"],
)
def test_what_tests_say_in_a_fork(
    tmp_path: pathlib.Path, body: str, limit_s: float, outcome: str
) -> None:
    """A change survives if they pass; if they fail, or do not come to an end, it does not."""
    pytest.importorskip("cosmic_ray")
    forked = importlib.import_module("forked")
    file = tmp_path / "test_body.py"
    file.write_text(f"def test_body():\n    {body}\n", encoding="utf-8")

    found, _output = forked.run_tests(f"python -m pytest -q -p no:cacheprovider {file}", limit_s)

    assert found.name == outcome
