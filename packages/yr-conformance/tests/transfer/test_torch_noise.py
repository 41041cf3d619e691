"""Lines that torch prints by itself are told from those of others."""

from __future__ import annotations

import pytest

from yr_conformance.transfer import torch_noise


@pytest.fixture(autouse=True)
def _torch_that_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = frozenset({"[W Loader.cpp:44] Warning: preloaded", "Warning: no home"})
    monkeypatch.setattr(torch_noise, "_lines_of_torch", lambda _device: noise)


def test_lines_of_torch_are_left_out_whenever_they_were_printed() -> None:
    """The time in a line of torch's log does not matter."""
    text = "[W1123 16:33:57.395439857 Loader.cpp:44] Warning: preloaded\nWarning: no home\n"

    assert torch_noise.without_torch_noise(text) == ""


def test_everything_else_stays() -> None:
    """Another warning is kept, also one of another place of torch."""
    text = "Warning: no home\n[W1123 16:33:57.1 Loader.cpp:45] Warning: preloaded\nmine\n"

    kept = torch_noise.without_torch_noise(text)

    assert kept == "[W1123 16:33:57.1 Loader.cpp:45] Warning: preloaded\nmine"
