"""What `npu-smi` prints, as records; its tables are the only form that it has.

A chip is what torch calls a device. A card has one chip (910B), or two (A3), and management chips
("Mcu") that are none. Tables were read from outputs of npu-smi 24.1 to 26.0 (ci/tests/recorded).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_VERSION = re.compile(r"Version: *(\S+)")
_PAIR = re.compile(r"(\d+) */ *(\d+)")
_CARD_ROW = re.compile(r"^\| *(\d+) +([^|]*[A-Za-z][^|]*?) *\| *([A-Za-z]\S*) *\|")
_CHIP_ROW = re.compile(r"^\| *(\d+)(?: +(\d+))? *\| *([0-9A-Fa-f]+:\S+|NA) *\|(.*)\|")
_PROCESS_ROW = re.compile(r"^\| *(\d+) +(\d+) *\| *(\d+) *\| *(.*?) *\| *(\d+) *\|")
_HEALTH = re.compile(r"^\s*Health(?: Status)?\s*:\s*(\S+)", re.MULTILINE)
_ERROR = re.compile(r"^\s*Error (Code|Information)\s*:\s*(.*\S)", re.MULTILINE)

Place = tuple[int, int]
"""Number of a card, and of a chip on it."""


@dataclass(frozen=True)
class Chip:
    """One chip of the table of `npu-smi info`; memory in MB, of HBM where there is HBM."""

    card: int
    chip: int
    name: str
    health: str
    bus: str
    used_mb: int
    total_mb: int

    @property
    def place(self) -> Place:
        """Which card and chip it is."""
        return self.card, self.chip


@dataclass(frozen=True)
class Process:
    """A process on a chip; its name may be hidden from a container."""

    card: int
    chip: int
    pid: int
    name: str
    memory_mb: int


def version_of(info: str) -> str:
    """Give npu-smi's version, which is the driver's too; empty if it is not there."""
    found = _VERSION.search(info)
    return found[1] if found else ""


def chips_of(info: str) -> list[Chip]:
    """Read the chips of `npu-smi info`: a row of the card, then one of the chip."""
    return list(_chips(info))


def processes_of(info: str) -> list[Process]:
    """Read the processes of `npu-smi info`, which stand in a second table."""
    _, _, table = info.partition("Process id")
    return [
        Process(int(card), int(chip), int(pid), name, int(memory))
        for card, chip, pid, name, memory in _matches(_PROCESS_ROW, table)
    ]


def device_numbers(mapping: str) -> dict[Place, int]:
    """Read `npu-smi info -m`: the number that CANN gives each chip ("Chip Logic ID")."""
    numbers = {}
    for line in mapping.splitlines():
        words = line.split()
        if len(words) >= 4 and all(word.isdecimal() for word in words[:3]):
            numbers[int(words[0]), int(words[1])] = int(words[2])
    return numbers


def links_of(topology: str) -> dict[str, dict[str, str]]:
    """Read `npu-smi info -t topo`: how each chip reaches each other one (HCCS, SIO, PIX, ...)."""
    lines = [line.split() for line in topology.partition("Legend")[0].splitlines() if line.strip()]
    heads = next((words for words in lines if _is_head(words)), [])
    names = [word for word in heads if _names_chip(word)]
    return {
        words[0]: dict(zip(names, words[1:]))  # noqa: B905 - affinities of CPUs follow
        for words in lines
        if words is not heads and _names_chip(words[0]) and len(words) > len(names)
    }


def health_of(answer: str) -> tuple[str, str]:
    """Read `npu-smi info -t health`: the state, and what the error is; empty if it is not there."""
    found = _HEALTH.search(answer)
    errors = [text for _, text in _ERROR.findall(answer) if text != "NA"]
    return (found[1] if found else ""), " ".join(errors)


def _chips(info: str) -> Iterator[Chip]:
    head: Mapping[str, str] = {}
    for line in info.partition("Process id")[0].splitlines():
        card, chip = _CARD_ROW.match(line), _CHIP_ROW.match(line)
        if card and not chip:
            head = {"card": card[1], "name": card[2].strip(), "health": card[3]}
        elif chip and head:
            (used, total) = _memory(chip[4])
            yield Chip(
                card=int(head["card"]),
                chip=int(chip[1]),
                name=head["name"],
                health=head["health"],
                bus=chip[3],
                used_mb=used,
                total_mb=total,
            )


def _memory(columns: str) -> tuple[int, int]:
    """Give the last pair with a total: HBM, or the only memory that there is (310P)."""
    pairs = [(int(used), int(total)) for used, total in _PAIR.findall(columns)]
    return next((pair for pair in reversed(pairs) if pair[1]), (0, 0))


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    for line in text.splitlines():
        if found := pattern.match(line):
            yield found.groups()


def _is_head(words: list[str]) -> bool:
    return _names_chip(words[0]) and (len(words) == 1 or _names_chip(words[1]))


def _names_chip(word: str) -> bool:
    return re.fullmatch(r"(NPU|Phy-ID)\d+", word) is not None
