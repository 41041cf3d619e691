"""Pages of reference that are written by hand, against the sources that they are about."""

from __future__ import annotations

import ast
import functools
import re

import pytest
from blocks import ROOT

SETTINGS = ROOT / "docs" / "reference" / "settings.md"
ERRORS = ROOT / "docs" / "reference" / "errors.md"
TRANSPORT = ROOT / "packages" / "ray-ascend-yr" / "src" / "ray_ascend"
NATIVE = ROOT / "packages" / "yr-fake-cann" / "native"
VARIABLE = re.compile(
    r"\b(?:RAY_ASCEND|YR_DS|YR_FAKE_DS|YR_FAKE_CANN|YR_CONFORMANCE)(?:_[A-Z0-9]+)*\b"
)
PLACEHOLDER = "\0"


def test_the_page_of_settings_is_complete_and_true() -> None:
    """Every variable that a source names is on the page, and no other."""
    sources = {*ROOT.glob("packages/*/src/**/*.py"), *NATIVE.rglob("*.cpp"), *NATIVE.rglob("*.h")}
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    # These two are the beginnings of others.
    read = set(VARIABLE.findall(text)) - {"YR_DS", "YR_CONFORMANCE"}
    page = SETTINGS.read_text(encoding="utf-8")

    assert set(VARIABLE.findall(page)) == read


def test_every_public_name_is_on_the_page_of_calls() -> None:
    """Whoever exports a name writes one line there; its text comes from the docstring."""
    tree = ast.parse((TRANSPORT / "__init__.py").read_text(encoding="utf-8"))
    (exported,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    page = (ROOT / "docs" / "reference" / "ray_ascend.md").read_text(encoding="utf-8")
    names = {name for name in exported if not name.startswith("__")} - {"errors"}

    assert {name for name in names if f":: ray_ascend.{name}\n" not in page} == set()


def _texts_of_errors() -> list[str]:
    rows = re.findall(r"^\| `([^`]+)` \|", ERRORS.read_text(encoding="utf-8"), re.MULTILINE)
    return [row.strip() for row in rows]


@pytest.mark.parametrize("text", _texts_of_errors())
def test_a_text_on_the_page_of_errors_is_raised(text: str) -> None:
    """What stands between the three dots is in one text of the sources, in that order."""
    pattern = re.compile(
        ".*".join(re.escape(part.strip()) for part in text.split("...")), re.DOTALL
    )

    assert any(pattern.search(one) for one in _texts_of_the_transport())


@functools.cache
def _texts_of_the_transport() -> list[str]:
    texts = []
    for path in TRANSPORT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        literals = (ast.JoinedStr, ast.Constant)
        texts += [_text(node) for node in ast.walk(tree) if isinstance(node, literals)]
    return texts


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else PLACEHOLDER
