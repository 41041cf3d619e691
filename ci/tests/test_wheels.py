"""Wheels that a registry would refuse, or a loader, are found before they leave."""

from __future__ import annotations

import pathlib
import subprocess
import zipfile

import pytest
from release import comparison, wheel_tags

PLAIN = "some-1.0-py3-none-linux_x86_64.whl"
MANYLINUX = "some-1.0-py3-none-manylinux_2_27_x86_64.whl"


@pytest.fixture
def library(tmp_path: pathlib.Path) -> bytes:
    """A shared library that is called libone.so, and needs one that is nowhere."""
    (tmp_path / "empty.c").write_text("int one;\n", encoding="utf-8")
    build = ("g++", "-x", "c", "-shared", "-fPIC", "-nostdlib", "empty.c")
    for name, more in (
        ("libother.so", ()),
        ("libone.so", ("-L.", "-Wl,--no-as-needed", "-lother")),
    ):
        command = (*build, f"-Wl,-soname,{name}", "-o", name, *more)
        subprocess.run(command, cwd=tmp_path, check=True)
    return (tmp_path / "libone.so").read_bytes()


def test_the_plain_tag_is_refused() -> None:
    """Whoever forgets auditwheel is told before the registry tells it."""
    (problem,) = wheel_tags.problems(PLAIN, {})

    assert problem.startswith(f"{PLAIN}: no registry takes this tag")
    assert [*wheel_tags.problems(MANYLINUX, {})] == []


def test_a_library_that_is_nowhere_is_named(library: bytes) -> None:
    """A wheel must bring what its libraries need, or every Linux must have it."""
    (problem,) = wheel_tags.problems(MANYLINUX, {"some/libone.so": library})

    assert "some/libone.so needs libother.so" in problem


def test_a_renamed_library_is_found(library: bytes) -> None:
    """Libraries are opened by name, and programs were linked to that name."""
    problems = [*wheel_tags.problems(MANYLINUX, {"some/libone-1a2b.so": library})]

    assert "calls itself 'libone.so'" in problems[0]


def test_a_library_that_was_changed_on_the_way_is_found() -> None:
    """What is tried is what was compiled; one that was put in is a change, too."""
    compiled = {"lib/a.so": b"a", "lib/b.so": b"b"}

    changes = [*wheel_tags.changes({"lib/a.so": b"A", "lib/b.so": b"b", "lib/c.so": b""}, compiled)]

    assert [one.split()[0] for one in changes] == ["lib/a.so", "lib/c.so"]


def test_members_that_differ_between_two_builds_are_named(tmp_path: pathlib.Path) -> None:
    """Which file of which archive, not only that something is different."""
    for name, content in (("first", "1"), ("second", "2")):
        (tmp_path / name).mkdir()
        with zipfile.ZipFile(tmp_path / name / MANYLINUX, "w") as wheel:
            wheel.writestr(zipfile.ZipInfo("same.py"), "same")
            wheel.writestr(zipfile.ZipInfo("time.py"), content)

    (difference,) = comparison.differences(tmp_path / "first", tmp_path / "second")

    assert difference.startswith(f"{MANYLINUX}: time.py: ")
    assert [*comparison.differences(tmp_path / "first", tmp_path / "first")] == []


def test_what_was_built_only_once_is_a_difference(tmp_path: pathlib.Path) -> None:
    """Nothing and nothing are not the same bytes, either."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    (nothing,) = comparison.differences(first, second)
    (first / "a.whl").write_bytes(b"")
    (once,) = comparison.differences(first, second)

    assert nothing.startswith("nothing to compare")
    assert once == "a.whl: built only once"
