"""``yr-fake-cann npu-smi``: answers what scripts ask `npu-smi`, about the emulated NPUs.

    npu-smi info                     one table of NPUs, one of processes
    npu-smi info -l | -m             the cards; the number that CANN gives each chip
    npu-smi info -t topo             how NPUs are linked
    npu-smi info -t health -i 0      the state of a card

Count, name and memory are those that the libraries give; states are those of the control file: an
NPU that failed is in alarm, one that hangs does not answer, one that is full has no memory left,
one without links has none. In the form of npu-smi 25.2, as people have published it. There is no
program of that name, which would hide the real one on a machine with cards: who needs it writes
two lines.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from yr_fake_cann import activation
from yr_fake_cann.control import VARIABLE, Condition, Control

VERSION: Final = "25.2.0"
_HBM: Final = 1
_WIDTHS: Final = (27, 15, 52)
_HEALTH: Final = {"failed": "Alarm"}


@dataclass(frozen=True)
class Npu:
    """One emulated NPU: a card with one chip; memory in MB."""

    number: int
    name: str
    condition: Condition
    used_mb: int
    total_mb: int

    @property
    def health(self) -> str:
        """The word of the column "Health"."""
        return _HEALTH.get(self.condition.name, "OK")


def add_to(commands: Any) -> None:
    """Add the command to the subcommands of ``yr-fake-cann``."""
    parser = commands.add_parser("npu-smi", help="answer as npu-smi does, for scripts that ask it")
    info = parser.add_subparsers(required=True, metavar="info").add_parser("info")
    what = info.add_mutually_exclusive_group()
    what.add_argument("-l", dest="what", action="store_const", const="list")
    what.add_argument("-m", dest="what", action="store_const", const="mapping")
    what.add_argument("-t", dest="what", choices=("topo", "health"))
    info.add_argument("-i", dest="card", type=int, metavar="CARD")
    info.add_argument("-c", dest="chip", type=int, metavar="CHIP", default=0)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print an answer; raises ActivationError without libraries, ControlError for a bad file."""
    found = npus()
    if options.what == "health" and not 0 <= (options.card or 0) < len(found):
        sys.stdout.write(f"card {options.card}: there are {len(found)}\n")
        return 1
    lines = {"list": _list, "mapping": _mapping, "topo": _topology}.get(options.what or "", _table)
    chosen = _health(found[options.card or 0]) if options.what == "health" else lines(found)
    sys.stdout.writelines(f"{line}\n" for line in chosen)
    return 0


def npus() -> list[Npu]:
    """Ask the libraries for the NPUs that this process would have, all of the machine's."""
    os.environ.pop("ASCEND_RT_VISIBLE_DEVICES", None)
    path = os.path.join(activation.library_directory(), activation.MAIN_LIBRARY)
    library = ctypes.CDLL(path)
    library.aclrtGetSocName.restype = ctypes.c_char_p
    count = ctypes.c_uint32()
    library.aclrtGetDeviceCount(ctypes.byref(count))
    name = library.aclrtGetSocName().decode().removeprefix("Ascend")
    return [_npu(library, number, name) for number in range(count.value)]


def _npu(library: ctypes.CDLL, number: int, name: str) -> Npu:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    library.aclrtSetDevice(number)
    library.aclrtGetMemInfo(_HBM, ctypes.byref(free), ctypes.byref(total))
    file = os.environ.get(VARIABLE)
    condition = Control(file).condition(number) if file else Condition("well")
    left = 0 if condition.name == "full" else free.value
    return Npu(number, name, condition, (total.value - left) >> 20, total.value >> 20)


def _table(found: list[Npu]) -> Iterator[str]:
    yield f"+{'-' * 96}+"
    yield f"| {f'npu-smi {VERSION}':<33}{f'Version: {VERSION}':<62}|"
    yield _rule("-")
    usage = "Power(W)    Temp(C)           Hugepages-Usage(page)"
    yield _row("NPU   Name", "Health", usage)
    yield _row("Chip", "Bus-Id", "AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)")
    yield _rule("=")
    for npu in found:
        yield _row(f"{npu.number:<5} {npu.name}", npu.health, f"{'-':<11} {'-':<17} 0    / 0")
        memory = f"{npu.used_mb:<5}/ {npu.total_mb}"
        yield _row("0", f"0000:{npu.number:02X}:00.0", f"0           {'0    / 0':<17} {memory}")
        yield _rule("=")
    yield _rule("-")
    heads = ("Process id".ljust(13), "Process name".ljust(24), "Process memory(MB)".ljust(23))
    yield f"| {'NPU     Chip':<25} | {' | '.join(heads)} |"
    for npu in found:
        yield f"| {f'No running processes found in NPU {npu.number}':<95}|"


def _list(found: list[Npu]) -> Iterator[str]:
    yield f"\tCard Count                     : {len(found)}"
    for npu in found:
        yield f"\n\tNPU ID                         : {npu.number}"
        yield "\tChip Count                     : 1"


def _mapping(found: list[Npu]) -> Iterator[str]:
    yield _columns("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name")
    for npu in found:
        yield _columns(str(npu.number), "0", str(npu.number), f"Ascend {npu.name}")
        yield _columns(str(npu.number), "1", "-", "Mcu")


def _topology(found: list[Npu]) -> Iterator[str]:
    names = [f"NPU{npu.number}" for npu in found]
    yield "".join(f"{name:<11}" for name in ("", *names)).rstrip()
    for npu in found:
        links = [_link(npu, other) for other in found]
        yield "".join(f"{word:<11}" for word in (f"NPU{npu.number}", *links)).rstrip()
    yield "\nLegend:\n"
    yield "  X    = Self\n  HCCS = Connection traversing HCCS.\n  NA   = Unknown relationship."


def _link(one: Npu, other: Npu) -> str:
    if one.number == other.number:
        return "X"
    return "NA" if "unlinked" in {one.condition.name, other.condition.name} else "HCCS"


def _health(npu: Npu) -> Iterator[str]:
    if npu.condition.name == "hanging":
        signal.pause()
    yield f"\tHealth Status                  : {npu.health}"
    yield f"\tError Code                     : {npu.condition.status or 'NA'}"
    yield f"\tError Information              : {npu.condition.name if npu.health != 'OK' else 'NA'}"


def _columns(*words: str) -> str:
    return "\t" + "".join(f"{word:<31}" for word in words).rstrip()


def _row(*words: str) -> str:
    return (
        "|"
        + "|".join(f" {word:<{width - 1}}" for word, width in zip(words, _WIDTHS, strict=True))
        + "|"
    )


def _rule(line: str) -> str:
    return "+" + "+".join(line * width for width in _WIDTHS) + "+"
