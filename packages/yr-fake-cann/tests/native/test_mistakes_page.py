"""docs/mistakes.md promises nothing that no test proves."""

import re
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[2]


def test_every_line_names_a_test_that_exists() -> None:
    """The last column of the table are tests of this package."""
    page = (PACKAGE / "docs" / "mistakes.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "mistake |" not in line]
    named = [re.findall(r"`(test_\w+)`", row.split("|")[-2]) for row in rows]
    tests = {
        name
        for module in (PACKAGE / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", module.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(rows) > 20
    assert [row for row, names in zip(rows, named, strict=True) if not names] == []
    assert {name for names in named for name in names} - tests == set()
