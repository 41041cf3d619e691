"""Builds a copy of yr-fake-cann's C++; needs cmake and a compiler."""

from __future__ import annotations

import pathlib
import subprocess

from suite_run import SuiteError


def libraries_of(copy: pathlib.Path) -> dict[str, str]:
    """Build it; gives the variable by which yr-fake-cann takes it. SuiteError if it cannot be."""
    build = copy / "built"
    _run("cmake", "-S", str(copy), "-B", str(build), f"-DCMAKE_INSTALL_PREFIX={build}")
    _run("cmake", "--build", str(build), "--target", "install", "-j2")
    return {"YR_FAKE_CANN_LIBRARIES": str(build / "yr_fake_cann" / "lib")}


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SuiteError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
