#!/usr/bin/env python3
"""Prepare a machine for run.py: programs that tests need, nox, and the environment of CANN.

Makes .nox/driver with nox in it, and writes what CANN's set_env.sh sets to
reports/cann-environment.json, if CANN is there. With --install, missing programs are installed by
apt-get as root or by sudo without a password; else they are named. The status is 1 if one that is
needed is missing in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from commands import ask
from run import CANN_ENVIRONMENT

DRIVER = pathlib.Path(".nox/driver")
NEEDED = {"pgrep": "procps", "g++": "g++", "git": "git", "etcd": "etcd-server"}
"""Programs and their Debian packages: `dscli stop` finds workers by pgrep, yr-fake-cann is C++."""
_OPTIONAL = {"etcd"}
"""Without it clauses about etcd are left out, and say so."""
_ASCEND = pathlib.Path("/usr/local/Ascend")
_SET_ENV = ("ascend-toolkit/set_env.sh", "cann/set_env.sh", "cann-*/set_env.sh")
_LIMIT_S = 60.0
# Shells set these themselves.
_NOT_CANNS = {"_", "PWD", "OLDPWD", "SHLVL"}


def main(arguments: Sequence[str]) -> int:
    """Prepare, and say what was done and what is missing."""
    options = _options(arguments)
    print(f"Python {sys.version.split()[0]} at {sys.executable}, {os.cpu_count()} processors")
    missing = _missing()
    if missing and options.install:
        _install(sorted(NEEDED[name] for name in missing))
        missing = _missing()
    for name in missing:
        print(f"missing: {name} (Debian package {NEEDED[name]})")
    _write_cann_environment(options.ascend)
    if not options.without_nox:
        _make_driver()
    return int(bool(set(missing) - _OPTIONAL))


def set_environment(script: pathlib.Path) -> Mapping[str, str]:
    """Give the variables that a set_env.sh sets or changes, by reading it in a shell of its own."""
    inner = f". {shlex.quote(str(script))} >/dev/null 2>&1; env -0"
    before = dict(os.environ)
    answer = ask(("bash", "-c", inner), _LIMIT_S, before)
    if answer.problem:
        print(f"{script}: {answer.problem}")
        return {}
    pairs = (entry.partition("=") for entry in answer.output.split("\0") if "=" in entry)
    after = {name: value for name, _, value in pairs if name not in _NOT_CANNS}
    return {name: value for name, value in after.items() if before.get(name) != value}


def _write_cann_environment(ascend: pathlib.Path) -> None:
    found = [path for pattern in _SET_ENV for path in sorted(ascend.glob(pattern))]
    if not found:
        print(f"CANN: no set_env.sh below {ascend}, jobs without NPUs need none")
        return
    changed = set_environment(found[0])
    CANN_ENVIRONMENT.parent.mkdir(exist_ok=True)
    CANN_ENVIRONMENT.write_text(json.dumps(changed, indent=2) + "\n", encoding="utf-8")
    print(f"CANN: {len(changed)} variables of {found[0]}, written: {CANN_ENVIRONMENT}")


def _make_driver() -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(DRIVER)], check=True)
    pip = [str(DRIVER / "bin" / "python"), "-m", "pip", "install", "--quiet", "nox"]
    subprocess.run(pip, check=True)
    print(f"nox: installed in {DRIVER}")


def _missing() -> list[str]:
    return [name for name in NEEDED if shutil.which(name) is None]


def _install(packages: Sequence[str]) -> None:
    if shutil.which("apt-get") is None:
        print(f"no apt-get here: install by hand what gives {', '.join(packages)}")
        return
    by = [] if os.geteuid() == 0 else ["sudo", "-n"]
    # The package of etcd starts no service with this run level.
    by += ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"]
    options = ("install", "-y", "-q", "--no-install-recommends")
    # One by one: a distribution that lacks one of them has the others.
    for command in (("update", "-q"), *((*options, package) for package in packages)):
        done = subprocess.run([*by, "apt-get", *command], check=False)
        print(f"apt-get {' '.join(command)}: status {done.returncode}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="setup.py", description=__doc__)
    parser.add_argument("--install", action="store_true", help="install missing programs")
    parser.add_argument("--without-nox", action="store_true", help="make no .nox/driver")
    parser.add_argument("--ascend", type=pathlib.Path, default=_ASCEND, help="where CANN lies")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
