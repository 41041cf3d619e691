"""Read ci/matrix.toml into records; MatrixError says which key is wrong and what is allowed."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from matrix.errors import SOURCE, MatrixError, ValueRefusedError
from matrix.fields import Table
from matrix.records import HARDWARE, NO_CHIP, TIERS, Containers, Image, Job, Matrix, Runner

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ARCHITECTURES = ("x86_64", "aarch64")
CHIPS = ("910b", "a3", "310p", "950")
DEVICES = ("none", "pool", "host")
PYTHONS = ("3.10", "3.11", "3.12")
RAYS = ("oldest", "newest")
MODES = ("metastore", "etcd")
CONTENTS = ("pinned", "none")
LONGEST_MINUTES = 360
"""A job on a runner of GitHub's own ends after so many, whatever its limit."""


def read(path: pathlib.Path = ROOT / SOURCE) -> Matrix:
    """Read the file; called by everything that lists, checks, renders or rehearses the matrix."""
    return matrix_of(content_of(path))


def content_of(path: pathlib.Path) -> dict[str, Any]:
    """Parse the file, and no more."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise MatrixError(f"{SOURCE} is no TOML: {wrong}") from wrong
    return content


def matrix_of(content: Mapping[str, object]) -> Matrix:
    """Make records of what a TOML file holds."""
    whole = Table("the file", content)
    runners = {label: _runner(label, table) for label, table in _tables(whole, "runners")}
    images = {name: _image(name, table) for name, table in _tables(whole, "images")}
    containers = _containers(Table("containers", whole.raw("containers", "a table")))
    jobs = [_job(name, table, runners, images) for name, table in _tables(whole, "jobs")]
    whole.end()
    _check_used("runners", runners, {runner.label for job in jobs for runner in job.runners})
    _check_used("images", images, {job.image.name for job in jobs if job.image})
    return Matrix(tuple(jobs), containers, runners)


def _tables(whole: Table, key: str) -> Iterator[tuple[str, Table]]:
    named = whole.raw(key, "a table of tables")
    if not isinstance(named, Mapping) or not named:
        raise ValueRefusedError("the file", key, named, "a table of tables, at least one")
    for name, content in named.items():
        yield name, Table(f"{key}.{name}", content)


def _runner(label: str, table: Table) -> Runner:
    runner = Runner(
        label=label,
        architecture=table.text("architecture", ARCHITECTURES),
        chip=table.text("chip", (NO_CHIP, *CHIPS)),
        npus=table.number("npus", 0, 64),
        devices=table.text("devices", DEVICES),
        forks=table.flag("forks"),
        queue=table.number("queue", 5, 1440),
    )
    table.end()
    if (runner.chip == NO_CHIP) != (runner.npus == 0):
        allowed = f"0 for chip {NO_CHIP!r}, at least 1 for any other"
        raise ValueRefusedError(table.name, "npus", runner.npus, allowed)
    if (runner.devices == "none") != (runner.npus == 0):
        allowed = "none without NPUs, pool or host with some"
        raise ValueRefusedError(table.name, "devices", runner.devices, allowed)
    if runner.forks and runner.npus:
        allowed = (
            "false: a machine with NPUs outlives the job, and a stranger's change may stay on it"
        )
        raise ValueRefusedError(table.name, "forks", True, allowed)
    return runner


def _image(name: str, table: Table) -> Image:
    image = Image(
        name=name,
        reference=table.text("reference"),
        cann=table.text("cann"),
        chip=table.text("chip", CHIPS),
        shared_memory=table.text("shared_memory"),
    )
    table.end()
    for key, part in (("cann", image.cann), ("chip", image.chip)):
        if part not in image.reference:
            raise ValueRefusedError(table.name, key, part, f"what {image.reference} names")
    return image


def _containers(table: Table) -> Containers:
    cpu_image = table.text("cpu_image")
    containers = Containers(cpu_image, table.texts("devices"), table.texts("volumes"))
    table.end()
    return containers


def _job(
    name: str, table: Table, runners: Mapping[str, Runner], images: Mapping[str, Image]
) -> Job:
    has_targets = table.has("targets")
    job = Job(
        name=name,
        tier=_tier(table),
        runners=tuple(runners[label] for label in table.texts("runners", runners)),
        image=images[table.text("image", images)] if table.has("image") else None,
        npus=table.number("npus", 1, 64) if table.has("npus") else 0,
        pythons=table.texts("pythons", PYTHONS),
        rays=table.texts("rays", RAYS),
        torch=table.text("torch", CONTENTS),
        torch_npu=table.text("torch_npu", CONTENTS),
        datasystem=table.text("datasystem", CONTENTS),
        sessions=() if has_targets else table.texts("sessions"),
        targets=table.texts("targets") if has_targets else (),
        modes=table.texts("modes", MODES) if has_targets else (),
        chapters=table.texts("chapters", least=0) if has_targets else (),
        minutes=table.number("minutes", 5, LONGEST_MINUTES),
    )
    table.end()
    _check_place(job, table)
    return job


def _tier(table: Table) -> str:
    value = table.raw("tier", ", ".join(TIERS))
    if isinstance(value, bool) or str(value) not in TIERS:
        raise ValueRefusedError(table.name, "tier", value, ", ".join(TIERS))
    return str(value)


def _check_place(job: Job, table: Table) -> None:
    """Refuse runners and images that do not fit the tier or each other."""
    for runner in job.runners:
        if runner.npus and job.image is None:
            allowed = "an image: a pool gives NPUs to containers only"
            raise ValueRefusedError(table.name, "image", None, allowed)
        if job.image and job.image.chip != runner.chip:
            allowed = f"one for chip {runner.chip!r} of {runner.label}"
            raise ValueRefusedError(table.name, "image", job.image.name, allowed)
        if job.npus > runner.npus or (runner.npus and not job.npus):
            allowed = f"{min(1, runner.npus)} to {runner.npus}, which {runner.label} has"
            raise ValueRefusedError(table.name, "npus", job.npus, allowed)
        if not _fits(job.tier, runner.npus):
            allowed = "0, 1, 2 without NPUs, 3 with one or two, 4 with four and more, nightly"
            raise ValueRefusedError(table.name, "tier", job.tier, allowed)
    if job.image and len(job.pythons) > 1 and "{python}" not in job.image.reference:
        raise ValueRefusedError(table.name, "pythons", job.pythons, "one: the image has only one")


def _fits(tier: str, npus: int) -> bool:
    if tier == "nightly":
        return True
    if tier in HARDWARE:
        return 1 <= npus <= 2 if tier == "3" else npus >= 4
    return npus == 0


def _check_used(kind: str, known: Mapping[str, object], used: set[str]) -> None:
    for name in known.keys() - used:
        raise ValueRefusedError("the file", kind, name, "what a job uses; remove the others")
