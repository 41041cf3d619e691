"""What is read from outputs that npu-smi gave on real machines."""

from __future__ import annotations

from collections.abc import Callable

import npu_smi
import pytest

Recorded = Callable[[str], str]


def test_cards_with_one_chip(recorded: Recorded) -> None:
    """Eight 910B3, one of them in use by a process whose name is hidden."""
    info = recorded("910b3-info.txt")

    chips = npu_smi.chips_of(info)

    assert npu_smi.version_of(info) == "25.2.0"
    assert [chip.place for chip in chips] == [(card, 0) for card in range(8)]
    assert {chip.name for chip in chips} == {"910B3"}
    assert (chips[2].bus, chips[2].used_mb, chips[2].total_mb) == ("0000:81:00.0", 41052, 65536)
    (process,) = npu_smi.processes_of(info)
    assert (process.card, process.pid, process.name) == (2, 1333928, "")


def test_cards_with_two_chips(recorded: Recorded) -> None:
    """Sixteen chips of an A3, and processes that are on more than one."""
    info = recorded("a3-info.txt")

    chips = npu_smi.chips_of(info)

    assert [chip.place for chip in chips] == [(number // 2, number % 2) for number in range(16)]
    on_first = [one.pid for one in npu_smi.processes_of(info) if (one.card, one.chip) == (0, 0)]
    assert on_first == [3325989, 3330598, 3328327, 3333165]


def test_numbers_of_devices(recorded: Recorded) -> None:
    """Management chips have none."""
    assert npu_smi.device_numbers(recorded("910b3-mapping.txt")) == {(0, 0): 0, (1, 0): 1}


def test_numbers_where_cards_have_physical_ones_too() -> None:
    """With a column of physical numbers the logical one is still the third."""
    mapping = (
        "NPU ID Chip ID Chip Logic ID Chip Phy-ID Chip Name\n6 0 0 12 Ascend910\n6 2 - - Mcu\n"
    )

    assert npu_smi.device_numbers(mapping) == {(6, 0): 0}


def test_links(recorded: Recorded) -> None:
    """The two chips of a card are linked by SIO."""
    links = npu_smi.links_of(recorded("a3-topology.txt"))

    assert links["Phy-ID12"] == {"Phy-ID12": "X", "Phy-ID13": "SIO"}


def test_health(recorded: Recorded) -> None:
    """A chip in order has no error; one that is not says which."""
    good = recorded("health.txt")
    bad = good.replace(": OK", ": Alarm").replace(
        "Code                     : NA", "Code : 80E18005"
    )

    assert npu_smi.health_of(good) == ("OK", "")
    assert npu_smi.health_of(bad) == ("Alarm", "80E18005")


@pytest.mark.parametrize(
    "text", ["", "dcmi model initialized failed, because the device is used.\n"]
)
def test_what_is_no_table_gives_nothing(text: str) -> None:
    """An error of the driver is no card."""
    assert npu_smi.chips_of(text) == []
    assert npu_smi.processes_of(text) == []
    assert npu_smi.links_of(text) == {}
    assert npu_smi.device_numbers(text) == {}
