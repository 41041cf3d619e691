"""What the file of the matrix may say, and what a maintainer reads who wrote something else."""

from __future__ import annotations

import pathlib
from typing import Any

import contents
import pytest
from matrix import agreement, reading
from matrix.cells import cells_of
from matrix.errors import SOURCE, MatrixError
from matrix.records import HARDWARE

Content = dict[str, Any]


@pytest.fixture
def content() -> Content:
    """The file of this repository, to be changed in one place."""
    return reading.content_of(reading.ROOT / SOURCE)


def test_the_matrix_of_this_repository_is_sound() -> None:
    """Everything that it names exists, and contents of jobs are those of ci/contents.py."""
    agreement.check(reading.read())


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("jobs.fake.tier", 5, r"\[jobs.fake\] tier = 5; allowed: 0, 1, 2, 3, 4, nightly"),
        (
            "jobs.fake.minutes",
            "90",
            r"\[jobs.fake\] minutes = '90'; allowed: a whole number from 5",
        ),
        (
            "jobs.fake.pythons",
            ["3.9"],
            r"\[jobs.fake\] pythons = '3.9'; allowed: .*3.10, 3.11, 3.12",
        ),
        ("jobs.fake.pythons", [], r"\[jobs.fake\] pythons = \[\]; allowed: a list of at least 1"),
        ("jobs.fake.runners", ["mine"], r"\[jobs.fake\] runners = 'mine'; allowed: .*ubuntu-24.04"),
        ("jobs.fake.minute", 9, r"\[jobs.fake\] has an unknown key `minute`; known are: .*minutes"),
        ("jobs.a2-node.image", "a3", r"image = 'a3'; allowed: one for chip '910b'"),
        ("jobs.a2-node.tier", 3, r"\[jobs.a2-node\] tier = '3'; allowed: .*3 with one or two"),
        (
            "jobs.a2-node.npus",
            9,
            r"\[jobs.a2-node\] npus = 9; allowed: 1 to 8, which linux-aarch64-a2b3-8",
        ),
        ("jobs.fake.npus", 1, r"\[jobs.fake\] npus = 1; allowed: 0 to 0, which ubuntu-24.04 has"),
        ("images.a3.cann", "8.5.0", r"\[images.a3\] cann = '8.5.0'; allowed: what quay.io"),
        ("runners.ubuntu-24_04.npus", 1, r"npus = 1; allowed: 0 for chip 'none'"),
        ("runners.linux-aarch64-a3-8.forks", True, r"forks = True; allowed: false: a machine with"),
        (
            "runners.linux-aarch64-a3-8.devices",
            "none",
            r"devices = 'none'; allowed: .*pool or host",
        ),
    ],
)
def test_a_value_that_may_not_stand_there_is_named(
    content: Content, path: str, value: object, said: str
) -> None:
    """The error names the file, the table, the key, the value and what is allowed."""
    _put(content, path, value)

    with pytest.raises(MatrixError, match=rf"ci/matrix.toml: .*{said}"):
        reading.matrix_of(content)


@pytest.mark.parametrize("key", ["tier", "runners", "pythons", "torch", "targets", "minutes"])
def test_a_key_that_is_missing_is_named(content: Content, key: str) -> None:
    """The error names the job, the key, and what to write."""
    del content["jobs"]["fake"][key]
    missing = "sessions" if key == "targets" else key

    with pytest.raises(MatrixError, match=rf"\[jobs.fake\] has no key `{missing}`; write"):
        reading.matrix_of(content)


def test_a_job_with_npus_needs_an_image(content: Content) -> None:
    """A pool gives NPUs to containers only, so that the image may not be left out."""
    del content["jobs"]["a2-node"]["image"]

    with pytest.raises(MatrixError, match=r"\[jobs.a2-node\] image = None; allowed: an image"):
        reading.matrix_of(content)


def test_what_no_job_uses_is_refused(content: Content) -> None:
    """A runner that no job names would be registered for nothing."""
    content["runners"]["spare"] = content["runners"]["ubuntu-24.04"]

    with pytest.raises(MatrixError, match="runners = 'spare'; allowed: what a job uses"):
        reading.matrix_of(content)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("jobs.fake.targets", ["fakes"], r"targets = 'fakes'; allowed: fake, real-cpu"),
        ("jobs.fake.chapters", ["XFRE-1"], r"chapters = 'XFRE'; allowed: .*XFER"),
        ("jobs.style.sessions", ["lnt"], r"sessions = 'lnt'; allowed: .*lint"),
        ("jobs.fake.datasystem", "pinned", r"allowed: none, as ci/contents.py has it for .* fake"),
        ("jobs.released.torch_npu", "pinned", r"allowed: none, as ci/contents.py has it"),
    ],
)
def test_a_name_that_means_nothing_elsewhere_is_refused(
    content: Content, path: str, value: object, said: str
) -> None:
    """Targets, chapters, sessions and contents are those of the rest of the repository."""
    _put(content, path, value)
    matrix = reading.matrix_of(content)

    with pytest.raises(MatrixError, match=said):
        agreement.check(matrix)


def test_a_file_that_is_no_toml_is_refused(tmp_path: pathlib.Path) -> None:
    """The error of the TOML parser is a MatrixError, with its line."""
    path = tmp_path / "matrix.toml"
    path.write_text("jobs = no", encoding="utf-8")

    with pytest.raises(MatrixError, match=r"ci/matrix.toml is no TOML: .*line 1"):
        reading.read(path)


def test_versions_are_those_of_the_contents() -> None:
    """What the table shows of a job comes from ci/contents.py."""
    (job,) = (job for job in reading.read().jobs if job.name == "released")

    shown = agreement.versions(job)

    assert shown["ray"] == (contents.RAYS["oldest"], contents.RAYS["newest"])
    assert shown["datasystem"] == (contents.DATASYSTEM.partition("==")[2],)
    assert shown["torch_npu"] == ()


def test_cells_have_names_of_their_own() -> None:
    """Artefacts are named after cells, so that no two of a matrix may be called the same."""
    cells = [cell for job in reading.read().jobs for cell in cells_of(job)]

    assert len({cell.slug for cell in cells}) == len(cells) > 50


def test_every_tier_has_a_job() -> None:
    """No tier is left out, and those with NPUs have runners with NPUs alone."""
    jobs = reading.read().jobs

    assert {job.tier for job in jobs} == {"0", "1", "2", "3", "4", "nightly"}
    hardware = [runner for job in jobs if job.tier in HARDWARE for runner in job.runners]
    assert all(runner.npus and not runner.forks for runner in hardware)


def _put(content: Content, path: str, value: object) -> None:
    *tables, key = (part.replace("_04", ".04") for part in path.split("."))
    for name in tables:
        content = content[name]
    content[key] = value
