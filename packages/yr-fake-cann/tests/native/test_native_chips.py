"""Device properties are those of the chip, and docs/chips.md says the same."""

import ctypes
from pathlib import Path
from typing import Final

import pytest
from bindings import INVALID_PARAMETER, NOT_SUPPORTED, Cann, CannError, in_process, opened

from yr_fake_cann.chips import chips

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "chips.md"
AI_CPUS, AI_CORES, CUBE_CORES, VECTOR_CORES, MEMORY, L2 = 1, 101, 102, 201, 301, 302
WARP_SIZE: Final = 202

Row = tuple[int, int, int, int, int]


def attribute(cann: Cann, number: int) -> int:
    """Ask device 0 for an attribute."""
    return int(cann.number("aclrtGetDeviceInfo", 0, number, kind=ctypes.c_int64))


def capability(cann: Cann, number: int) -> int:
    """Ask device 0 for a capability."""
    return int(cann.number("aclGetDeviceCapability", 0, number, kind=ctypes.c_int64))


def rows() -> dict[str, Row]:
    """Return the table of the page: cube and vector cores, AI CPUs, GiB and MiB of each chip."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "| Ascend" in line]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {name: tuple(map(int, numbers)) for name, *numbers, _source in cells}  # type: ignore[misc]


def properties() -> Row:
    """Return the same of the chip of this process."""
    cann = Cann()
    cube, vector, cpus, memory, l2 = (
        attribute(cann, number) for number in (CUBE_CORES, VECTOR_CORES, AI_CPUS, MEMORY, L2)
    )
    return cube, vector, cpus, memory >> 30, l2 >> 20


def test_the_page_lists_every_chip() -> None:
    """What --soc may be is documented."""
    assert tuple(rows()) == chips()


@pytest.mark.parametrize("chip", rows())
def test_a_device_says_what_its_chip_is(chip: str) -> None:
    """Cores, memory and cache, as the page has them."""
    assert in_process(properties, settings={"YR_FAKE_CANN_SOC": chip}) == rows()[chip]


def test_a_chip_that_is_not_known_ends_the_process() -> None:
    """Nothing falls back to another chip."""
    with pytest.raises(AssertionError, match="died with -6"):
        in_process(properties, settings={"YR_FAKE_CANN_SOC": "Ascend910X"})


def test_capabilities_are_the_same_figures(cann: Cann) -> None:
    """The older call numbers AI cores, vector cores and L2 from 0."""
    found = [capability(cann, number) for number in range(3)]

    assert found == [attribute(cann, number) for number in (AI_CORES, VECTOR_CORES, L2)]


def test_another_attribute_is_refused(cann: Cann) -> None:
    """Nobody reckons with a figure that nobody has looked up."""
    with pytest.raises(CannError, match="attribute 202") as raised:
        attribute(cann, WARP_SIZE)

    assert raised.value.status == NOT_SUPPORTED


def test_another_capability_is_refused(cann: Cann) -> None:
    """There are three."""
    with pytest.raises(CannError) as raised:
        capability(cann, 3)

    assert raised.value.status == INVALID_PARAMETER


def free_memory() -> int:
    """Return the free bytes of device 0."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    opened().aclrtGetMemInfo(1, ctypes.byref(free), ctypes.byref(total))
    return free.value


def test_memory_is_that_of_the_chip() -> None:
    """The smaller chip has less to give."""
    assert in_process(free_memory, settings={"YR_FAKE_CANN_SOC": "Ascend910B4"}) == 32 << 30
