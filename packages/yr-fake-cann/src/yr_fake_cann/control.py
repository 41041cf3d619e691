"""The condition of each NPU of an emulated machine, changed while its processes run.

    Control.create(path) ─ fail, hang, exhaust, unlink, heal ─► file ─ mapped ─► every process that
                                                    was started with YR_FAKE_CANN_CONTROL = path

A condition takes effect with the next call or task, in all processes, and stays until it is healed
or changed. Codes are those that CANN documents; what a torch program sees of them is torch_npu's.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, get_args

VARIABLE: Final = "YR_FAKE_CANN_CONTROL"
MOST_NPUS: Final = 64
_RECORD: Final = struct.Struct("=II")

Name = Literal["well", "failed", "hanging", "full", "unlinked"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)

AICORE_EXCEPTION: Final = 507015
"""ACL_ERROR_RT_AICORE_EXCEPTION, the status of a failed NPU unless another is given."""
DEVICE_MEMORY_ERROR: Final = 507053
"""ACL_ERROR_RT_DEVICE_MEM_ERROR, an uncorrectable error of memory."""
HBM_ECC_ERROR: Final = 507054
"""ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR."""
LINK_ERROR: Final = 507056
"""ACL_ERROR_RT_LINK_ERROR, the status of an NPU without links unless another is given."""


class ControlError(Exception):
    """A file is no control file, or names no NPU; the message says which and what to do."""


@dataclass(frozen=True)
class Condition:
    """What state an NPU is in, and the ACL status that its work fails with (0: it does not)."""

    name: Name
    status: int = 0


class Control:
    """The conditions of the NPUs of one machine, by the file that its processes map.

    Called from any process, any number of them; each change is one record, seen at once.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open an existing file; raises ControlError when it is not there or is something else."""
        self.path = os.fspath(path)
        try:
            size = os.stat(self.path).st_size
        except OSError as error:
            raise ControlError(
                f"{self.path}: {error.strerror}; `yr-fake-cann run --control FILE` makes one"
            ) from error
        if size != MOST_NPUS * _RECORD.size:
            raise ControlError(f"{self.path} is no control file of yr-fake-cann: {size} bytes")

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> "Control":
        """Make a file in which every NPU is well, unless there is a control file; open it."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(path)
        except OSError as error:
            raise ControlError(f"{os.fspath(path)} cannot be made: {error.strerror}") from error
        with open(file, "wb") as opened:
            opened.write(bytes(MOST_NPUS * _RECORD.size))
        return cls(path)

    def environment(self) -> dict[str, str]:
        """Return the variable to start a process with so that the conditions hold in it."""
        return {VARIABLE: os.path.abspath(self.path)}

    def fail(self, npu: int, status: int = AICORE_EXCEPTION) -> None:
        """Let all work of an NPU fail with a status, and allocations and synchronisation too."""
        self._set(npu, "failed", _checked(status))

    def hang(self, npu: int) -> None:
        """Let no work of an NPU proceed; who waits for it waits, or meets its own time limit."""
        self._set(npu, "hanging")

    def exhaust(self, npu: int) -> None:
        """Let an NPU have no memory left for who allocates; what is allocated stays."""
        self._set(npu, "full")

    def unlink(self, npu: int, status: int = LINK_ERROR) -> None:
        """Take an NPU's links to others: its part in collectives fails, others wait for it."""
        self._set(npu, "unlinked", _checked(status))

    def heal(self, npu: int | None = None) -> None:
        """Make an NPU well, or all of them."""
        for one in range(MOST_NPUS) if npu is None else (npu,):
            self._set(one, "well")

    def condition(self, npu: int) -> Condition:
        """Return the condition of an NPU."""
        with self._mapped() as records:
            number, status = _RECORD.unpack_from(records, _place(npu))
        if number >= len(NAMES):
            raise ControlError(
                f"{self.path} is no control file of yr-fake-cann: condition {number}"
            )
        return Condition(NAMES[number], status)

    def unwell(self) -> dict[int, Condition]:
        """Return the NPUs that are not well."""
        found = {npu: self.condition(npu) for npu in range(MOST_NPUS)}
        return {npu: condition for npu, condition in found.items() if condition.name != "well"}

    def _set(self, npu: int, name: Name, status: int = 0) -> None:
        with self._mapped() as records:
            place = _place(npu)
            # The status first: a reader that sees the condition sees its status.
            records[place + 4 : place + 8] = struct.pack("=I", status)
            records[place : place + 4] = struct.pack("=I", NAMES.index(name))

    @contextmanager
    def _mapped(self) -> Iterator[mmap.mmap]:
        with _opened(self.path) as file, mmap.mmap(file.fileno(), 0) as records:
            yield records


def _opened(path: str) -> BinaryIO:
    try:
        return open(path, "r+b")
    except OSError as error:
        raise ControlError(f"{path}: {error.strerror}") from error


def _checked(status: int) -> int:
    if not 0 < status < 1 << 31:
        raise ControlError(f"an ACL status is a positive number, not {status!r}")
    return status


def _place(npu: int) -> int:
    if isinstance(npu, bool) or not 0 <= npu < MOST_NPUS:
        raise ControlError(f"NPU {npu!r}: they are numbered from 0 to {MOST_NPUS - 1}")
    return npu * _RECORD.size
