"""What `--profile` does after all turns: phases and counts of transfers, and flame graphs."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bench import flames, phases
from bench.contenders import Contender, contender
from bench.summary import shown
from bench.tables import NO_FIGURE, Table
from bench.turns import Asked
from bench.works import Work, work

WORKS: Final = tuple(
    work(f"{size}, actor to actor") for size in ("1 element", "64 MiB", "9,216 x 32 KiB")
)
_ROUNDS: Final = {1: "40", 9216: "9"}
_PROFILED: Final = ("yr-released", "yr-released-map", "yr-fake", "noop")

_RAY, _PYTHON = "Ray", "the transport's Python"
_GROUPS: Final = (
    _RAY,
    _PYTHON,
    "ledger",
    "SDK: create",
    "copy in",
    "SDK: publish",
    "SDK: get",
    "allocate",
    "copy out",
    phases.FAULTS,
)

Profile = Mapping[str, Mapping[str, Any]]
"""By contender: phases and counts, or the reason why there are none."""


def profile(
    stages: Mapping[str, Asked],
    works: Sequence[Work],
    contenders: Sequence[Contender],
    directory: pathlib.Path,
    told: Callable[[str], None],
) -> dict[str, Profile]:
    """Profile those works that are profiled at all; give what was found, by the work's name."""
    profiled = [one for one in WORKS if one in works]
    taking_part = [one for one in contenders if one.name in _PROFILED]
    found: dict[str, Profile] = {}
    for one in profiled:
        for other in taking_part:
            told(f"flame graph: {one.name}, {other.label}")
            question = {"work": one.name, "contender": other.name}
            flames.record(stages[other.stage], question, directory, _file(one, other))
    for one in profiled:
        found[one.name] = {}
        for other in taking_part:
            told(f"profile: {one.name}, {other.label}")
            question = {"work": one.name, "contender": other.name}
            asked = {**question, "profile": _ROUNDS.get(one.count, "9")}
            found[one.name] = {
                **found[one.name],
                other.name: stages[other.stage].ask(asked),
            }
    (directory / "profile.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def tables(found: Mapping[str, Profile]) -> list[Table]:
    """Give a table of phases and one of counts for each work."""
    made = []
    for name, profiles in found.items():
        made.append(_table(f"Profile: {name} (medians, ms)", profiles, "phases"))
        made.append(_table(f"Counted: {name} (a transfer)", profiles, "counts"))
    return [table for table in made if table.rows]


def times(profiles: Profile) -> dict[str, dict[str, float]]:
    """Give what a picture shows: groups of phases that add up to the whole, by contender."""
    return {name: _grouped(one["phases"]) for name, one in profiles.items() if "phases" in one}


def _grouped(found: Mapping[str, float]) -> dict[str, float]:
    """Tell apart Ray, calls of the SDK, copies, and the rest: the transport's own Python."""
    groups = dict.fromkeys(_GROUPS, 0.0)
    for phase, taken in found.items():
        if phase != phases.WHOLE and not phase.startswith(phases.LATER):
            groups[_group(phase)] += taken
    return groups


def _group(phase: str) -> str:
    if phase in _GROUPS:
        return phase
    if phases.FAULTS in phase:
        return phases.FAULTS
    return _RAY if phase.startswith(_RAY) or phase in {"method", "read"} else _PYTHON


def _table(title: str, profiles: Profile, part: str) -> Table:
    rows_of = dict.fromkeys(row for one in profiles.values() for row in one.get(part, {}))
    rows = [
        [row, *(_cell(one.get(part, {}).get(row)) for one in profiles.values())]
        for row in (rows_of if part == "phases" else sorted(filter(_is_telling, rows_of)))
    ]
    notes = [f"{name}: {one['reason']}" for name, one in profiles.items() if "reason" in one]
    ours = [one for name, one in profiles.items() if contender(name).is_ours]
    missing = sorted({place for one in ours for place in one.get("missing", [])})
    if part == "phases" and missing:
        notes.append(f"not there any more, so in the rest of their block: {', '.join(missing)}")
    return Table(title, ["", *profiles], rows, notes)


def _is_telling(name: str) -> bool:
    """Leave out how often our own functions were called: once, or once for each tensor."""
    return "calls, " not in name or "calls, SDK" in name or name.endswith("allocate")


def _cell(value: float | None) -> str:
    return NO_FIGURE if value is None else shown(value)


def _file(one: Work, other: Contender) -> str:
    size = one.name.partition(", actor")[0].replace(" ", "-").replace(",", "")
    return f"{size}-{other.name}"
