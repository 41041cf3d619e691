"""What may be released, and by whom."""

from __future__ import annotations

import pathlib
import shutil

import contents
import pytest
import yaml
from matrix import rendering
from matrix.reading import ROOT
from release import readiness

TAG = f"v{readiness.version(contents.TRANSPORT)}"


@pytest.fixture
def copied(tmp_path: pathlib.Path) -> pathlib.Path:
    """Those files of the repository that tell versions, to be changed."""
    for package, import_name in contents.IMPORT_NAMES.items():
        file = pathlib.Path("packages", package, "src", import_name, "_version.py")
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {TAG[1:]}\n", encoding="utf-8")
    return tmp_path


def test_what_is_ready_may_be_released(copied: pathlib.Path) -> None:
    """Its tag is its version, the changelog tells it, and links lead to where it comes from."""
    assert [*readiness.obstacles(TAG, contents.REPOSITORY, copied)] == []


def test_another_tag_and_another_repository_are_refused(copied: pathlib.Path) -> None:
    """A fork does not publish links to the original, nor an old version a new tag."""
    tag, address = readiness.obstacles("v99.0", "https://elsewhere.invalid/x", copied)

    assert tag.startswith("tag v99.0: ray-ascend-yr is ")
    assert address.startswith(f"links lead to {contents.REPOSITORY}, this is https://elsewhere")


def test_an_unreleased_heading_is_refused(copied: pathlib.Path) -> None:
    """The changelog is part of a release."""
    (copied / "CHANGELOG.md").write_text(f"## {TAG[1:]} (unreleased)\n", encoding="utf-8")

    (problem,) = readiness.obstacles(TAG, contents.REPOSITORY, copied)

    assert problem.startswith("CHANGELOG.md has no heading")


def test_only_a_tag_publishes_and_only_publishing_has_an_identity() -> None:
    """The token that the registry takes exists in one job, which nobody's pull request starts."""
    workflow = yaml.safe_load((ROOT / rendering.RELEASE).read_text(encoding="utf-8"))
    jobs = workflow["jobs"]

    assert workflow[True] == {"push": {"tags": ["v*"]}, "workflow_dispatch": None}
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["if"] == "github.event_name == 'push'"
    assert jobs["publish"]["needs"] == ["build", "try"]
    assert not [step for step in jobs["publish"]["steps"] if "run" in step]
