"""Say which machines each wheel is for, and fail where a wheel would not run on them.

    python ci/release/wheel_tags.py DIST [--as-compiled DIRECTORY]

A registry takes no wheel with the plain tag of Linux, which promises nothing about its C library.
Libraries are opened and preloaded by name and find each other by it: each must have its own name as
SONAME, and need only its neighbours and what every Linux with glibc has. With the directory of
wheels as they were compiled, the libraries must also be the same bytes: nothing may be put in,
renamed or changed on the way to the tag. `nox -s build` calls it.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

GLIBC = re.compile(r"(ld-linux-.*|lib(c|m|dl|rt|pthread))\.so\.\d")
PLAIN = re.compile(r"-linux_\w+\.whl$")


@dataclass(frozen=True)
class Library:
    """What a loader reads of one shared library; `glibc` is the newest version that it asks for."""

    soname: str
    needed: tuple[str, ...]
    glibc: tuple[int, ...]


def main(arguments: Sequence[str]) -> int:
    """Print a line for each wheel, then what is wrong; the status is 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dist", type=pathlib.Path)
    parser.add_argument("--as-compiled", type=pathlib.Path)
    options = parser.parse_args(arguments)
    found: list[str] = []
    for wheel in sorted(options.dist.glob("*.whl")):
        members = libraries_of(wheel)
        print(described(wheel, members))
        found += problems(wheel.name, members)
        if members and options.as_compiled:
            found += changes(members, _as_compiled(wheel, options.as_compiled))
    for problem in found:
        print(problem)
    return int(bool(found))


def libraries_of(wheel: pathlib.Path) -> dict[str, bytes]:
    """Read the shared libraries of a wheel, by their paths in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".so" in pathlib.PurePath(name).suffixes]
        return {name: archive.read(name) for name in names}


def described(wheel: pathlib.Path, members: Mapping[str, bytes]) -> str:
    """Give a wheel's name and what its libraries ask of the machine, in a line."""
    if not members:
        return f"{wheel.name}: any machine"
    newest = max(read_library(content).glibc for content in members.values())
    return f"{wheel.name}: {len(members)} libraries, glibc {'.'.join(map(str, newest))} or newer"


def problems(wheel: str, members: Mapping[str, bytes]) -> Iterator[str]:
    """Yield why a registry or a loader would refuse this wheel."""
    if PLAIN.search(wheel):
        yield f"{wheel}: no registry takes this tag; auditwheel finds the manylinux tag for it"
    names = {pathlib.PurePath(path).name for path in members}
    for path, content in members.items():
        library, name = read_library(content), pathlib.PurePath(path).name
        if library.soname != name:
            yield f"{wheel}: {path} calls itself {library.soname!r}: who opens it would not find it"
        for needed in library.needed:
            if needed not in names and not GLIBC.fullmatch(needed):
                yield f"{wheel}: {path} needs {needed}, which is no part of it or of glibc"


def changes(members: Mapping[str, bytes], compiled: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what differs from the libraries as they were compiled."""
    for path in sorted(members.keys() | compiled.keys()):
        if members.get(path) != compiled.get(path):
            yield f"{path} is not what was compiled: it was added, removed or changed"


def read_library(content: bytes) -> Library:
    """Read what a loader needs to know of a library."""
    file = ELFFile(io.BytesIO(content))
    named: dict[str, list[str]] = {"DT_SONAME": [], "DT_NEEDED": []}
    versions: list[tuple[int, ...]] = [(0,)]
    for section in file.iter_sections():
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags():
                # The attribute is called as the tag is.
                if tag.entry.d_tag in named:
                    word = tag.entry.d_tag.removeprefix("DT_").lower()
                    named[tag.entry.d_tag].append(getattr(tag, word))
        elif isinstance(section, GNUVerNeedSection):
            names = [aux.name for _, wanted in section.iter_versions() for aux in wanted]
            versions += [_numbers(name) for name in names if name.startswith("GLIBC_")]
    return Library("".join(named["DT_SONAME"]), tuple(named["DT_NEEDED"]), max(versions))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _as_compiled(wheel: pathlib.Path, directory: pathlib.Path) -> dict[str, bytes]:
    architecture = "aarch64" if wheel.stem.endswith("aarch64") else "x86_64"
    (compiled,) = directory.glob(f"{wheel.name.partition('-')[0]}-*_{architecture}.whl")
    return libraries_of(compiled)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
