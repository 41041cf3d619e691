"""Our targets refuse a process that is set up for something else, and say what to do."""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys

import pytest

from yr_conformance.targets import TargetError, npus, real_cpu
from yr_conformance.targets.fake import FakeTarget
from yr_conformance.targets.real_cpu import RealCpuTarget
from yr_conformance.targets.real_emulated_npu import RealEmulatedNpuTarget
from yr_conformance.targets.real_npu import RealNpuTarget


class Place:
    """A directory in the form of an activated SDK, alone on the paths of this process."""

    def __init__(self, root: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.file("yr/datasystem/__init__.py")
        self.dscli("bin")
        patch.setattr(sys, "path", [str(root), *(p for p in sys.path if "site-packages" not in p)])
        patch.setenv("PATH", str(root / "bin"))
        for name in [name for name in sys.modules if name.split(".")[0] == "yr"]:
            patch.delitem(sys.modules, name)

    def file(self, name: str) -> pathlib.Path:
        """Make an empty file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def dscli(self, directory: str) -> None:
        """Make a dscli in that directory."""
        self.file(f"{directory}/dscli").chmod(0o755)


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A stand-in's directory, active."""
    return Place(tmp_path, monkeypatch)


def test_the_fake_is_active_where_its_two_halves_are(place: Place) -> None:
    """The fake accepts an SDK without native client whose dscli lies beside it."""
    FakeTarget().check_active()


def test_the_fake_refuses_the_released_sdk(place: Place) -> None:
    """The fake refuses an SDK with a native client."""
    place.file("yr/datasystem/lib/libds_client_py.cpython-311-x86_64-linux-gnu.so")

    with pytest.raises(TargetError, match="which is the released SDK; run: yr-fake-ds run"):
        FakeTarget().check_active()


def test_the_fake_refuses_another_dscli(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake refuses a dscli that lies elsewhere."""
    place.dscli("elsewhere")
    monkeypatch.setenv("PATH", str(place.root / "elsewhere"))

    with pytest.raises(TargetError, match="does not belong to the SDK"):
        FakeTarget().check_active()


def test_the_released_system_refuses_a_stand_in(place: Place) -> None:
    """The target real-cpu refuses an SDK without a native client."""
    with pytest.raises(TargetError, match="not the released SDK; run: pip install"):
        RealCpuTarget().check_active()


def test_the_released_system_refuses_another_dscli(place: Place) -> None:
    """The target real-cpu refuses a dscli that the released distribution did not install."""
    place.file("yr/datasystem/lib/libds_client_py.cpython-311-x86_64-linux-gnu.so")

    with pytest.raises(TargetError, match="openyuanrong-datasystem did not install"):
        RealCpuTarget().check_active()


def test_no_sdk_at_all(place: Place) -> None:
    """Without yr.datasystem both targets say so."""
    (place.root / "yr/datasystem/__init__.py").unlink()
    (place.root / "yr/datasystem").rmdir()

    for target in (FakeTarget(), RealCpuTarget()):
        with pytest.raises(TargetError, match=r"no module yr\.datasystem"):
            target.check_active()


def test_a_target_with_npus_needs_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target real-emulated-npu refuses a process that has too few NPUs, and says what to do."""
    _be_released(place, monkeypatch)
    monkeypatch.setattr(npus, "count", lambda: 2)

    with pytest.raises(TargetError, match="2 NPUs found with torch_npu, 4 are needed; run: yr-f"):
        RealEmulatedNpuTarget().check_active()


def test_a_target_with_cards_says_what_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target real-npu refuses a process without any card, and says which part there is not."""
    _be_released(place, monkeypatch)
    monkeypatch.setattr(npus, "count", lambda: 0)

    with pytest.raises(TargetError, match=r"no NPU found: torch_npu is not installed\. In"):
        RealNpuTarget().check_active()


def test_a_target_with_cards_refuses_emulated_ones(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target real-npu never runs on yr-fake-cann by mistake."""
    _be_released(place, monkeypatch)
    monkeypatch.setattr(npus, "count", lambda: 8)
    monkeypatch.setattr(npus, "is_emulated", lambda: True)

    with pytest.raises(TargetError, match="the NPUs are those of yr-fake-cann; leave out"):
        RealNpuTarget().check_active()


@pytest.mark.parametrize(("found", "declared"), [(0, False), (3, False), (4, True), (8, True)])
def test_npus_are_a_capability(monkeypatch: pytest.MonkeyPatch, found: int, declared: bool) -> None:
    """A target declares what the machine has."""
    monkeypatch.setattr(npus, "count", lambda: found)

    assert ("npu" in FakeTarget().capabilities) is declared


@pytest.mark.parametrize(
    ("found", "ray", "declared"),
    [(8, "2.60.0", True), (8, "2.56.0", True), (8, "2.55.1", False), (3, "2.60.0", False)],
)
def test_hccl_needs_npus_and_a_ray_that_has_groups(
    monkeypatch: pytest.MonkeyPatch, found: int, ray: str, declared: bool
) -> None:
    """Ray's collective groups take others' backends from 2.56 on."""
    monkeypatch.setattr(npus, "count", lambda: found)
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: ray)

    assert ("hccl" in FakeTarget().capabilities) is declared


def _be_released(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.file("yr/datasystem/lib/libds_client_py.cpython-311-x86_64-linux-gnu.so")
    dscli = frozenset({(place.root / "bin" / "dscli").resolve()})
    monkeypatch.setattr(real_cpu, "installed_files", lambda _distribution: dscli)
