"""Refuse to release what is not ready: python3 ci/release/readiness.py --tag v1.2.3 --address URL.

The workflow `release` calls it before it builds; it needs nothing but Python.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import sys
from collections.abc import Iterator, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "ci"))
from contents import IMPORT_NAMES, REPOSITORY, TRANSPORT  # noqa: E402


def main(arguments: Sequence[str]) -> int:
    """Print what must be done first; the status is 1 if anything must."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tag", required=True)
    parser.add_argument("--address", required=True, help="of the repository that releases")
    options = parser.parse_args(arguments)
    found = list(obstacles(options.tag, options.address))
    versions = [f"{package} {version(package)}" for package in IMPORT_NAMES]
    print(*(found or [f"{options.tag} may be released: {', '.join(versions)}"]), sep="\n")
    return int(bool(found))


def obstacles(tag: str, address: str, root: pathlib.Path = ROOT) -> Iterator[str]:
    """Yield what speaks against a release under this tag, from the repository at this address."""
    released = version(TRANSPORT, root)
    if tag != f"v{released}":
        yield f"tag {tag}: {TRANSPORT} is {released}, so that its tag would be v{released}"
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(released)}(?! \(unreleased\))", changes, re.MULTILINE):
        yield f"CHANGELOG.md has no heading for {released}, or says that it is unreleased"
    if address != REPOSITORY:
        yield f"links lead to {REPOSITORY}, this is {address}: docs/release.md says what to change"


def version(package: str, root: pathlib.Path = ROOT) -> str:
    """Read the version of a package from its sources."""
    file = root / "packages" / package / "src" / IMPORT_NAMES[package] / "_version.py"
    found = re.search(r'^__version__ = "([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise ValueError(f'{file} has no line __version__ = "..."')
    return found.group(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
