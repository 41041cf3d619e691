"""The page of supported calls."""

from pathlib import Path

from yr_fake_ds.supported_api import page

PAGE = Path(__file__).parents[2] / "docs" / "supported-api.md"


def test_the_page_is_current() -> None:
    """docs/supported-api.md is what the generator writes today."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_names_every_client() -> None:
    """Supported and refused calls both appear."""
    text = page()

    assert "| `get(keys=None, convert_to_str=False, sub_timeout_ms=0)` | yes |" in text
    assert "| `dev_mset(keys, data_blob_list)` | yes |" in text
    assert "refused: streams are not emulated" in text
