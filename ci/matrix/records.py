"""What the matrix consists of, as it was read: nothing here changes after that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Tier = str
"""0 style, 1 the fake, 2 the released datasystem on CPUs, 3 and 4 NPUs, nightly."""
TIERS: tuple[Tier, ...] = ("0", "1", "2", "3", "4", "nightly")
HARDWARE: tuple[Tier, ...] = ("3", "4")
NO_CHIP = "none"


@dataclass(frozen=True)
class Runner:
    """A kind of machine, by the label that a CI service knows it by; `queue` in minutes."""

    label: str
    architecture: str
    chip: str
    npus: int
    devices: str
    forks: bool
    queue: int


@dataclass(frozen=True)
class Image:
    """A container image with CANN; its reference may depend on the Python."""

    name: str
    reference: str
    cann: str
    chip: str
    shared_memory: str

    def for_python(self, python: str) -> str:
        """Give the reference of the image that has this Python."""
        return self.reference.replace("{python}", python)


@dataclass(frozen=True)
class Containers:
    """What holds for containers in general: the image without CANN, and what NPUs need mounted."""

    cpu_image: str
    devices: tuple[str, ...]
    volumes: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One row of the matrix: it stands for a run on each runner, Python, Ray, target and mode."""

    name: str
    tier: Tier
    runners: tuple[Runner, ...]
    image: Image | None
    npus: int
    pythons: tuple[str, ...]
    rays: tuple[str, ...]
    torch: str
    torch_npu: str
    datasystem: str
    sessions: tuple[str, ...]
    targets: tuple[str, ...]
    modes: tuple[str, ...]
    chapters: tuple[str, ...]
    minutes: int

    @property
    def needs_npus(self) -> bool:
        """Whether it runs where NPUs are."""
        return any(runner.npus for runner in self.runners)


@dataclass(frozen=True)
class Matrix:
    """All jobs, in the order of the file."""

    jobs: tuple[Job, ...]
    containers: Containers
    runners: Mapping[str, Runner]
