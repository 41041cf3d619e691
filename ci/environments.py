"""How nox's environments are made; most of the time that they take is saved here.

requirements    installed without compiling: pip compiles one file after the other, all of them
then compiled   on all processors, only what tests import (17 s instead of 32 s, measured)
our packages    one wheel each, built when a file of theirs has changed (yr-fake-cann: 13 s)
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Final

import nox

ROOT: Final = pathlib.Path(__file__).resolve().parent.parent
PACKAGES: Final = ROOT / "packages"
_WHEELS: Final = ROOT / ".nox" / "wheels"
_BUILT_FROM: Final = (
    "docs",
    "src",
    "native",
    "CMakeLists.txt",
    "LICENSE",
    "README.md",
    "hatch_build.py",
    "pyproject.toml",
)
# Below site-packages only: an environment, too, may be called "tests".
_NOT_IMPORTED: Final = (
    "/site-packages/(.+/)?"
    "(rllib|serve|train|tune|llm|_inductor|testing|tests|sympy|hypothesis|networkx|pip)/"
)


def install(
    session: nox.Session, requirements: Sequence[str], *, are_imported: bool = True
) -> None:
    """Install distributions with what they need; `are_imported` by many processes, so compiled."""
    session.install("--no-compile", *requirements)
    if any(one.startswith("torch_npu") for one in requirements):
        _refuse_cuda(session)
    if are_imported:
        compiling = ("python", "-m", "compileall", "-q", "-j", "0", "-x", _NOT_IMPORTED)
        # 1: a file is no Python, as torch_npu's templates; who imports one would hear of it anyway.
        session.run_install(*compiling, _libraries(session), success_codes=[0, 1])


def _refuse_cuda(session: nox.Session) -> None:
    """Say what is wrong before torch_npu 2.13.0 does, which aborts beside a torch with CUDA.

    Both register the setting `pinned_reserve_segment_size_mb` when they are loaded (measured).
    """
    if any(
        pathlib.Path(_libraries(session)).glob("python*/site-packages/torch/lib/*torch_cuda.so")
    ):
        session.error(
            "torch here is a build for CUDA, beside which torch_npu cannot be imported: name the "
            "index of torch's builds for CPUs, which PyTorch's installation page tells, in "
            f"PIP_EXTRA_INDEX_URL, and remove {session.virtualenv.location}"
        )


def _libraries(session: nox.Session) -> str:
    return str(pathlib.Path(session.virtualenv.location, "lib"))


def install_local(session: nox.Session, *packages: str, editable: bool = False) -> None:
    """Install packages alone, so that the fake's environments stay free of the real SDK."""
    for package in packages:
        if editable:
            session.install("--no-deps", "-e", str(PACKAGES / package))
        else:
            session.install("--no-deps", "--force-reinstall", str(wheel(session, package)))


def wheel(session: nox.Session, package: str) -> pathlib.Path:
    """Build a package's wheel, unless there is one of the same files."""
    room = _WHEELS / f"{package}-{_digest(PACKAGES / package)}"
    with _alone():
        if not any(room.glob("*.whl")):
            building = ("python", "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(room))
            session.run_install(*building, str(PACKAGES / package))
    (wheel,) = room.glob("*.whl")
    return wheel


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep sessions of the other lane out: they may need the same wheel at the same moment."""
    _WHEELS.mkdir(parents=True, exist_ok=True)
    with (_WHEELS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(package: pathlib.Path) -> str:
    total = hashlib.sha256()
    for path in sorted(_files(package)):
        total.update(f"{path.relative_to(package)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _files(package: pathlib.Path) -> Iterator[pathlib.Path]:
    for name in _BUILT_FROM:
        path = package / name
        found = path.rglob("*") if path.is_dir() else [path]
        yield from (one for one in found if one.is_file() and "__pycache__" not in one.parts)
