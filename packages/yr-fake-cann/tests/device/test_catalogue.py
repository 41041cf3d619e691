"""The page of emulated operators says what the installed torch_npu gets."""

import pathlib

from yr_fake_cann import catalogue

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "emulated-operators.md"


def test_the_page_is_up_to_date() -> None:
    """Regenerating the page gives the page."""
    assert PAGE.read_text() == catalogue.render()
