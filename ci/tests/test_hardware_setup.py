"""A machine is prepared, and what is missing is named."""

from __future__ import annotations

import json
import pathlib

import pytest
from conftest import SCRIPTS, Script


def test_what_cann_sets_is_recorded(tmp_path: pathlib.Path, script: Script) -> None:
    """Variables that set_env.sh sets or changes, and no others."""
    script_of_cann = tmp_path / "ascend/ascend-toolkit/set_env.sh"
    script_of_cann.parent.mkdir(parents=True)
    script_of_cann.write_text(
        "echo noise\nexport ASCEND_HOME_PATH=/cann\nexport OLD=$OLD:/new\n", encoding="utf-8"
    )

    done = script(
        "setup", "--without-nox", "--ascend", str(tmp_path / "ascend"), env={"OLD": "/old"}
    )

    assert "CANN: 2 variables of" in done.stdout, done.stdout + done.stderr
    recorded = tmp_path / "reports/cann-environment.json"
    assert json.loads(recorded.read_text(encoding="utf-8")) == {
        "ASCEND_HOME_PATH": "/cann",
        "OLD": "/old:/new",
    }


def test_missing_programs_are_named(tmp_path: pathlib.Path, script: Script) -> None:
    """Each with the package that has it; the status tells of those that are needed."""
    done = script(
        *("setup", "--without-nox", "--ascend", str(tmp_path)), env={"PATH": str(tmp_path)}
    )

    assert done.returncode == 1
    assert "missing: pgrep (Debian package procps)" in done.stdout
    assert "CANN: no set_env.sh below" in done.stdout


def test_missing_programs_are_installed_one_by_one(tmp_path: pathlib.Path, script: Script) -> None:
    """A package that a distribution lacks does not keep the others away."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "apt-get": f'echo "$@" >> {tmp_path}/asked; case "$*" in *etcd*) exit 100;; esac',
        "sudo": 'shift; exec "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (programs / "env").symlink_to("/usr/bin/env")

    done = script(
        *("setup", "--without-nox", "--install", "--ascend", str(tmp_path)),
        env={"PATH": str(programs)},
    )

    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[0] == "update -q"
    assert [line.split()[-1] for line in asked[1:]] == ["etcd-server", "g++", "git", "procps"]
    assert "missing: g++ (Debian package g++)" in done.stdout


@pytest.mark.parametrize("name", ["probe", "setup", "run", "collect", "clean", "watch"])
def test_every_script_explains_itself(script: Script, name: str) -> None:
    """With --help, and it can be executed by its name."""
    done = script(name, "--help")

    assert done.returncode == 0
    assert f"usage: {name}.py" in done.stdout
    assert (SCRIPTS / f"{name}.py").stat().st_mode & 0o111
