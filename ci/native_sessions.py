"""Sessions of nox that build yr-fake-cann's C++ in other ways than its wheel does."""

from __future__ import annotations

import pathlib
import shutil
from typing import Final

import nox
from contents import CANN, PYELFTOOLS
from environments import PACKAGES

SANITIZERS: Final = {"address": "libasan.so", "thread": "libtsan.so"}


@nox.session(default=False)
def sanitizers(session: nox.Session) -> None:
    """Run yr-fake-cann's native tests under sanitizers: -- [address] [thread]."""
    session.install("cmake>=3.20", "ninja", "pytest>=8", "pytest-timeout>=2.3", PYELFTOOLS)
    for kind in session.posargs or SANITIZERS:
        _run_sanitized(session, kind)


def _run_sanitized(session: nox.Session, kind: str) -> None:
    build = pathlib.Path(session.virtualenv.location).resolve() / f"build-{kind}"
    shutil.rmtree(build, ignore_errors=True)
    source = ("-S", str(PACKAGES / CANN), "-B", str(build), "-G", "Ninja")
    options = (f"-DYR_FAKE_CANN_SANITIZER={kind}", f"-DCMAKE_INSTALL_PREFIX={build}")
    session.run("cmake", *source, *options, silent=True)
    session.run("cmake", "--build", str(build), "--target", "install", silent=True)
    found = session.run("g++", f"-print-file-name={SANITIZERS[kind]}", external=True, silent=True)
    # Python's own leaks and the report of strict mode are none of a sanitizer's business.
    reports = build / "report"
    env = {
        "LD_PRELOAD": str(found).strip(),
        "PYTHONPATH": str(PACKAGES / CANN / "src"),
        "YR_FAKE_CANN_LIBRARIES": str(build / "yr_fake_cann" / "lib"),
        "ASAN_OPTIONS": f"detect_leaks=0:handle_segv=0:log_path={reports}",
        "TSAN_OPTIONS": f"halt_on_error=0:handle_segv=0:log_path={reports}",
    }
    session.run("pytest", "-p", "no:cacheprovider", f"packages/{CANN}/tests/native", env=env)
    if written := sorted(build.glob("report*")):
        session.error(written[0].read_text(encoding="utf-8"))


@nox.session(default=False)
def aarch64(session: nox.Session) -> None:
    """Cross-compile yr-fake-cann's wheel and run a program on it under qemu-user."""
    session.install("build")
    package, room = PACKAGES / CANN, pathlib.Path(session.virtualenv.location).resolve() / "wheel"
    shutil.rmtree(room, ignore_errors=True)
    toolchain = f"-Ccmake.define.CMAKE_TOOLCHAIN_FILE={package / 'tools' / 'aarch64.cmake'}"
    env = {"_PYTHON_HOST_PLATFORM": "linux-aarch64"}
    session.run(
        *("python", "-m", "build", "--wheel", toolchain, "-o", str(room), str(package)), env=env
    )
    (wheel,) = room.glob("*-linux_aarch64.whl")
    shutil.unpack_archive(wheel, room, "zip")
    libraries, program = room / "yr_fake_cann" / "lib", room / "all_reduce"
    source = package / "tests" / "aarch64" / "all_reduce.cpp"
    link = (f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lascendcl", "-lhccl", "-lyr_fake_cann")
    compiler = "aarch64-linux-gnu-g++"
    session.run(compiler, str(source), *link, "-pthread", "-o", str(program), external=True)
    sysroot = ("-L", "/usr/aarch64-linux-gnu")
    session.run("qemu-aarch64-static", *sysroot, str(program), external=True)
