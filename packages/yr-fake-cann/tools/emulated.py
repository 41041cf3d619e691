"""Writes docs/emulated.md, the table of CANN's functions that the native sources define.

    native/**/*.cpp ── CANN_API, ACCEPTED, NOT_EMULATED ──► rows ──► docs/emulated.md

Run without arguments to write the page, with ``--check`` to fail when it is not up to date.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = PACKAGE / "native"
PAGE: Final = PACKAGE / "docs" / "emulated.md"

ENTRY: Final = re.compile(r"^CANN_API [^(]*?\b(\w+)\(")
SWITCHED: Final = re.compile(r"^(ACCEPTED|NOT_EMULATED)\((\w+)\)$")
# Folders and files of functions that nothing comes of: a profiler has no device to look at.
WITHOUT_EFFECT: Final = ("accepted", "profiling")
# The emulator's own entry points, which are no part of CANN.
OWN: Final = "yr_fake_cann_"

LIBRARIES: Final = {
    "libhccl_plf.so": r"_Z\d+Hccl",
    "libhccl.so": r"Hccl",
    "libra.so": r"Ra[A-Z]",
    "libruntime.so": r"h?rt[A-Z]",
    "libascend_hal.so": r"hal[A-Z]",
    "libmspti.so": r"mspti",
    "libms_tools_ext.so": r"mstx",
    "libmsprofiler.so": r"aclprof",
    "libascendcl.so": r"acl|Msprof",
}

INTRODUCTION: Final = """\
# What is emulated

Generated from the native sources by `tools/emulated.py`; a test keeps it true.

| | |
|---|---|
| **emulated** | does on host memory what its documentation says, within its [limits](limits.md) |
| **accepted** | succeeds and changes nothing: a switch of the hardware, profiling, dumps, logs |
| **refused** | fails with status 207000; `aclGetRecentErrMsg` names the function and this page |

A function that is not listed does not exist here. Released binaries that link to it would not
load (`python -m yr_fake_cann.symbols` finds that out beforehand); torch_npu looks others up when it
needs them and says that it failed to find them.
"""


@dataclass(frozen=True, order=True)
class Function:
    """One exported function of CANN."""

    library: str
    concept: str
    name: str
    level: str


def functions() -> list[Function]:
    """Return every function of CANN that the sources define, sorted by library and concept."""
    found = [
        function
        for source in sorted(SOURCES.rglob("*.cpp"))
        for line in source.read_text().splitlines()
        if (function := read_line(line, source)) is not None
    ]
    return sorted(found)


def read_line(line: str, source: Path) -> Function | None:
    """Return the function that a line of a source defines, if it defines one."""
    concept = source.stem
    if match := SWITCHED.match(line):
        level = "accepted" if match[1] == "ACCEPTED" else "refused"
        return Function(library_of(match[2]), concept, match[2], level)
    match = ENTRY.match(line)
    if match is None or match[1] == "name" or match[1].startswith(OWN):
        return None
    without_effect = concept in WITHOUT_EFFECT or source.parent.name in WITHOUT_EFFECT
    level = "accepted" if without_effect else "emulated"
    return Function(library_of(match[1]), concept, match[1], level)


def library_of(name: str) -> str:
    """Return the soname under which CANN has a function of this name."""
    return next(library for library, names in LIBRARIES.items() if re.match(names, name))


def page(table: list[Function]) -> str:
    """Return the page as Markdown."""
    levels = [function.level for function in table]
    counts = ", ".join(
        f"{levels.count(level)} {level}" for level in ("emulated", "accepted", "refused")
    )
    lines = [INTRODUCTION, f"{len(table)} functions: {counts}.\n"]
    lines += ["| library | concept | function | |", "|---|---|---|---|"]
    for function in table:
        concept = function.concept.replace("_", " ")
        lines.append(f"| {function.library} | {concept} | `{function.name}` | {function.level} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the page; return the exit status."""
    text = page(functions())
    if "--check" not in arguments:
        PAGE.write_text(text)
        return 0
    if PAGE.read_text() == text:
        return 0
    sys.stderr.write(f"{PAGE} is not up to date: run {Path(__file__).name}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
