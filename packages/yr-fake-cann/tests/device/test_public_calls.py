"""The page of what public code calls says what the kernels do."""

import pathlib
import re

from yr_fake_cann.kernels import transformer_boost
from yr_fake_cann.kernels.fused import PROVIDED

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "public-calls.md"
ROW = re.compile(
    r"^\| `(?P<name>[\w.]+)` \| (?P<calls>\d+) \| [^|]+ \| (?P<here>[^|]+) \|$", re.MULTILINE
)


def test_every_row_says_whether_the_operator_is_provided() -> None:
    """Provided operators are called so, and no others."""
    rows = {row["name"]: row["here"] for row in ROW.finditer(PAGE.read_text())}
    names = {name.removeprefix("npu::").partition(".")[0] for name in PROVIDED}
    names |= set(transformer_boost.PROVIDED)

    assert len(rows) > 80
    assert {name for name, here in rows.items() if here == "provided"} == rows.keys() & names


def test_the_sums_are_those_of_the_rows() -> None:
    """Operators, calls, and calls of what is provided."""
    text = PAGE.read_text()
    rows = list(ROW.finditer(text))

    calls = sum(int(row["calls"]) for row in rows)
    provided = sum(int(row["calls"]) for row in rows if row["here"] == "provided")
    assert f"{len(rows)} operators, {calls} calls, {provided} of them" in text
