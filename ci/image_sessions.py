"""The session of nox that builds a container image of the fakes, the suite and the transport."""

from __future__ import annotations

import pathlib

import nox
from contents import CANN, FAKE, NUMPY, RAYS, SUITE, TORCH, TORCH_NPU, TRANSPORT
from environments import ROOT, wheel

_REQUIREMENTS = (TORCH, NUMPY, TORCH_NPU, f"ray=={RAYS['newest']}", FAKE, CANN, f"{SUITE}[report]")


@nox.session(default=False)
def image(session: nox.Session) -> None:
    """Build a container image of fakes, suite and transport: -- [--base IMAGE] [--tag NAME]."""
    session.install("docker>=7")
    context = pathlib.Path(session.create_tmp())
    wheels = context / "wheels"
    wheels.mkdir(exist_ok=True)
    for old in wheels.iterdir():
        old.unlink()
    ours = [str(wheel(session, package)) for package in (FAKE, CANN, SUITE, TRANSPORT)]
    session.run("python", "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), *ours)
    requirements = wheels / "requirements.txt"
    requirements.write_text("".join(f"{one}\n" for one in _REQUIREMENTS), encoding="utf-8")
    fetching = ("download", "-q", "-d", str(wheels), "--find-links", str(wheels))
    session.run("python", "-m", "pip", *fetching, "-r", str(requirements))
    building = str(ROOT / "ci" / "image" / "build_image.py")
    session.run("python", building, "--context", str(context), *session.posargs)
