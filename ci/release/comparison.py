"""Compare what was built with what was built again: every file must have the same bytes.

    python ci/release/comparison.py FIRST SECOND

Of archives that differ the members are named that do. `nox -s build -- --twice` calls it.
"""

from __future__ import annotations

import hashlib
import pathlib
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence


def main(arguments: Sequence[str]) -> int:
    """Print the digest of each file, and what differs; the status is 1 if anything does."""
    first, second = (pathlib.Path(argument) for argument in arguments)
    found = [*differences(first, second)]
    for path in sorted(first.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    print(*(found or ["built twice, the same bytes"]), sep="\n")
    return int(bool(found))


def differences(first: pathlib.Path, second: pathlib.Path) -> Iterator[str]:
    """Yield a line for each file that is not in both, and each member that is not the same."""
    names = {path.name for directory in (first, second) for path in directory.iterdir()}
    if not names:
        yield f"nothing to compare in {first} and {second}"
    for name in sorted(names):
        one, other = first / name, second / name
        if not (one.exists() and other.exists()):
            yield f"{name}: built only once"
        elif one.read_bytes() != other.read_bytes():
            yield from _members_that_differ(one, other)


def _members_that_differ(one: pathlib.Path, other: pathlib.Path) -> Iterator[str]:
    left, right = _members(one), _members(other)
    found = [
        name for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)
    ]
    yield from (f"{one.name}: {name}: {left.get(name)} and {right.get(name)}" for name in found)
    if not found:
        yield f"{one.name}: the members are the same, their order or compression is not"


def _members(path: pathlib.Path) -> Mapping[str, str]:
    """Describe each member by its time, mode and digest."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {
                one.filename: _told(one.date_time, one.external_attr >> 16, wheel.read(one))
                for one in wheel.infolist()
            }
    with tarfile.open(path) as sdist:
        return {one.name: _told(one.mtime, one.mode, _content(sdist, one)) for one in sdist}


def _content(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = sdist.extractfile(member)
    return file.read() if file else b""


def _told(time: object, mode: int, content: bytes) -> str:
    return f"{time} {mode:o} {hashlib.sha256(content).hexdigest()[:12]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
