"""Sessions of nox that make what a registry gets, and look at it as its users would."""

from __future__ import annotations

import argparse
import pathlib
import platform
import shutil
import sys
from collections.abc import Mapping
from typing import Final

import nox
from contents import (
    AUDITING,
    CANN,
    CROSS_BUILDING,
    GLIBC,
    IMPORT_NAMES,
    INVENTORY_TOOLS,
    NUMPY,
    RAY_ENV,
    TORCH,
)
from environments import PACKAGES, ROOT

DIST: Final = ROOT / "dist"
INVENTORY: Final = ROOT / "reports" / "inventory"
ARCHITECTURES: Final = ("x86_64", "aarch64")
_RELEASE: Final = ROOT / "ci" / "release"
# Of no meaning: archives hold a time, and it must be the same one each time.
_EPOCH: Final = "1767225600"


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build, check and try sdists and wheels: -- [--architecture NAME] [--twice] [--only-try]."""
    options = _options(session.posargs)
    machine = platform.machine()
    architectures = options.architecture or [machine]
    if not options.only_try:
        _build_and_check(session, architectures, twice=options.twice)
    if machine in architectures:
        _try_out(session, machine)


def _build_and_check(session: nox.Session, architectures: list[str], *, twice: bool) -> None:
    session.install("build", "twine", *AUDITING, *CROSS_BUILDING)
    _build_all(session, DIST, architectures)
    session.run("twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))
    if twice:
        again = _emptied("again")
        _build_all(session, again, architectures)
        session.run("python", str(_RELEASE / "comparison.py"), str(DIST), str(again))


@nox.session(default=False)
def inventory(session: nox.Session) -> None:
    """List what users of the wheels install, with licences and as an SBOM, after `build`."""
    python = ROOT / ".nox" / "smoke" / "bin" / "python"
    if not python.exists():
        session.error("run `nox -s build` first: what it tries the wheels in is what is listed")
    session.install(*INVENTORY_TOOLS)
    INVENTORY.mkdir(parents=True, exist_ok=True)
    listed = ("--output-reproducible", "--output-file", str(INVENTORY / "sbom.cdx.json"))
    session.run("cyclonedx-py", "environment", *listed, str(python))
    licences = ("--from=mixed", "--with-urls", "--format=markdown", "--order=license")
    file = f"--output-file={INVENTORY / 'licences.md'}"
    session.run("pip-licenses", f"--python={python}", *licences, file)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s build --")
    parser.add_argument("--architecture", action="append", choices=ARCHITECTURES)
    parser.add_argument("--twice", action="store_true", help="fail if the bytes differ")
    parser.add_argument("--only-try", action="store_true", help="build nothing: take what is there")
    return parser.parse_args(arguments)


def _build_all(session: nox.Session, dist: pathlib.Path, architectures: list[str]) -> None:
    shutil.rmtree(dist, ignore_errors=True)
    for package in IMPORT_NAMES.keys() - {CANN}:
        _build(session, package, dist)
    compiled = _emptied("compiled")
    for architecture in architectures:
        _compile(session, architecture, compiled)
    for sdist in compiled.glob("*.tar.gz"):
        shutil.copy(sdist, dist)
    wheels = map(str, sorted(compiled.glob("*.whl")))
    # It takes the oldest tag that the libraries' symbols allow, and changes nothing else.
    session.run("auditwheel", "repair", "-w", str(dist), *wheels, env={"SOURCE_DATE_EPOCH": _EPOCH})
    check = ("python", str(_RELEASE / "wheel_tags.py"), str(dist))
    session.run(*check, "--as-compiled", str(compiled))


def _compile(session: nox.Session, architecture: str, room: pathlib.Path) -> None:
    """Compile yr-fake-cann's wheel, for any Linux of that architecture."""
    env = {
        "YR_FAKE_CANN_FOR": f"{architecture}-linux-gnu.{GLIBC}",
        "_PYTHON_HOST_PLATFORM": f"linux-{architecture}",
        "ZIG_GLOBAL_CACHE_DIR": str(ROOT / ".nox" / "zig"),
    }
    toolchain = PACKAGES / CANN / "tools" / "manylinux.cmake"
    settings = (f"-Ccmake.define.CMAKE_TOOLCHAIN_FILE={toolchain}", "-Cinstall.strip=false")
    _build(session, CANN, room, "--no-isolation", *settings, env=env)


def _build(
    session: nox.Session,
    package: str,
    room: pathlib.Path,
    *options: str,
    env: Mapping[str, str] | None = None,
) -> None:
    """Build the sdist, and from it, in a directory of another name each time, the wheel."""
    command = ("python", "-m", "build", *options, "--outdir", str(room), str(PACKAGES / package))
    session.run(*command, env={**(env or {}), "SOURCE_DATE_EPOCH": _EPOCH})


def _try_out(session: nox.Session, machine: str) -> None:
    """Install the wheels where nothing else is, and use them."""
    # Not session.create_tmp(): it moves TMPDIR into an environment, where Ray refuses to work.
    clean = _emptied("smoke")
    session.run(sys.executable, "-m", "venv", str(clean), external=True)
    python = str(clean / "bin" / "python")
    wheels = [*DIST.glob("*-any.whl"), *DIST.glob(f"*_{machine}.whl")]
    install = ("install", "-q", "--no-compile", TORCH, NUMPY, *map(str, sorted(wheels)))
    session.run(python, "-m", "pip", *install, external=True)
    session.run(python, str(ROOT / "ci" / "smoke_test.py"), external=True, env=RAY_ENV)


def _emptied(name: str) -> pathlib.Path:
    directory = ROOT / ".nox" / name
    shutil.rmtree(directory, ignore_errors=True)
    return directory
