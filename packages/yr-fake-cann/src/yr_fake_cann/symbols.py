"""Compares what the installed wheels import from CANN with what the emulated libraries export.

    wheel's libraries ── undefined symbols ──► minus what torch, the wheel and the system define
                                          ──► minus our exports ──► missing: the wheel needs more

A wheel with a missing symbol fails at import (torch_npu) or at the first call (the datasystem's
plug-in is bound lazily), so new releases are checked first: ``python -m yr_fake_cann.symbols``.
Needs the extra ``symbols`` (pyelftools).
"""

import functools
import importlib.metadata
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

WHEELS: Final = ("torch_npu", "openyuanrong-datasystem")
LIBRARIES: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")
CORE: Final = "libyr_fake_cann.so"
SYSTEM_DIRECTORIES: Final = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
# Libraries that a wheel's optional parts need and that have no emulation.
NOT_PROVIDED: Final = {
    "libatb.so": "Ascend Transformer Boost, fused kernels",
    "libfmk_parser.so": "graph mode (torchair)",
    "libascend_protobuf.so": "graph mode (torchair)",
}
# Defined by the interpreter that loads an extension, whatever library it comes from.
INTERPRETER: Final = ("Py", "_Py")


@dataclass(frozen=True)
class Binary:
    """What one shared library needs and gives."""

    path: str
    needs: tuple[str, ...]
    imports: frozenset[str] = field(repr=False)
    exports: frozenset[str] = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """The outcome for one library of a wheel that links to CANN."""

    wheel: str
    library: str
    imported: int
    missing: tuple[str, ...]
    unloadable: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every symbol is there, or the library belongs to a part that is left out."""
        return not self.missing and all(name in NOT_PROVIDED for name in self.unloadable)

    @property
    def state(self) -> str:
        """Return the verdict in a word or two."""
        if not self.complete:
            return "INCOMPLETE"
        return "left out" if self.unloadable else "complete"


def check(wheels: Iterable[str] = WHEELS, libraries: str = LIBRARIES) -> list[Finding]:
    """Return a finding for every library of the installed wheels that links to CANN.

    Raises importlib.metadata.PackageNotFoundError for a wheel that is not installed, and
    FileNotFoundError when `libraries` does not hold the emulated CANN.
    """
    ours = read_binary(os.path.join(libraries, CORE)).exports
    sonames = {name for name in os.listdir(libraries) if ".so" in name}
    torch = _binaries_of("torch")
    return [
        _compare(wheel, binary, ours, sonames, [*torch, *binaries])
        for wheel in wheels
        for binaries in [_binaries_of(wheel)]
        for binary in binaries
        if sonames & set(binary.needs)
    ]


def read_binary(path: str) -> Binary:
    """Return the needed libraries and the dynamic symbols of an ELF file."""
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    with open(path, "rb") as file:
        elf = ELFFile(file)
        dynamic, table = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynsym")
        if not isinstance(dynamic, DynamicSection) or not isinstance(table, SymbolTableSection):
            return Binary(path, (), frozenset(), frozenset())
        tags = dynamic.iter_tags("DT_NEEDED")
        needs = tuple(tag.needed for tag in tags)  # type: ignore[attr-defined]
        imports, exports = set[str](), set[str]()
        for symbol in table.iter_symbols():
            if symbol["st_shndx"] != "SHN_UNDEF":
                exports.add(symbol.name)
            elif symbol["st_info"]["bind"] == "STB_GLOBAL":
                imports.add(symbol.name)
    return Binary(path, needs, frozenset(imports), frozenset(exports))


def main() -> int:
    """Print the findings and return 1 when a wheel needs more than there is."""
    findings = check(wheel for wheel in WHEELS if _installed(wheel))
    for finding in findings:
        state = finding.state
        print(f"{state}: {finding.wheel} {finding.library}, {finding.imported} symbols of CANN")  # noqa: T201
        for name in finding.missing:
            print(f"  missing {name}")  # noqa: T201
        for name in finding.unloadable:
            print(f"  needs {name}: {NOT_PROVIDED.get(name, 'unknown library')}")  # noqa: T201
    return 0 if all(finding.complete for finding in findings) else 1


def _compare(
    wheel: str, binary: Binary, ours: frozenset[str], sonames: set[str], others: list[Binary]
) -> Finding:
    by_name = {os.path.basename(other.path): other for other in others}
    foreign = [name for name in binary.needs if name not in by_name and name not in sonames]
    system = {name: path for name in foreign for path in [_system_library(name)] if path}
    defined = set[str]().union(*(other.exports for other in others))
    defined.update(*(read_binary(path).exports for path in system.values()))
    wanted = {name for name in binary.imports - defined if not name.startswith(INTERPRETER)}
    unloadable = tuple(name for name in foreign if name not in system)
    # What a library that is not there should define cannot be told from what we should.
    missing = () if unloadable else tuple(sorted(wanted - ours))
    library = os.path.basename(binary.path)
    return Finding(wheel, library, len(wanted & ours), missing, unloadable)


@functools.cache
def _binaries_of(distribution: str) -> list[Binary]:
    files = importlib.metadata.files(distribution) or []
    return [
        read_binary(str(file.locate()))
        for file in files
        if ".so" in file.name and _is_elf(str(file.locate()))
    ]


def _is_elf(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _system_library(name: str) -> str | None:
    return next((path for path in _system_paths(name) if os.path.exists(path)), None)


def _system_paths(name: str) -> Iterator[str]:
    for directory in SYSTEM_DIRECTORIES:
        yield os.path.join(directory, name)
        yield os.path.join(directory, f"{os.uname().machine}-linux-gnu", name)


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
