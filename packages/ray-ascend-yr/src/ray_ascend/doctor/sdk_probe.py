"""Imports the datasystem's SDK and says which one it is; runs in a child process.

yr.datasystem in site-packages of openyuanrong-datasystem   as released
yr.datasystem anywhere else                                 a stand-in, for example yr-fake-ds
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.version import Version

from ray_ascend.doctor.finding import Finding
from ray_ascend.errors import InstallationError
from ray_ascend.store.sdk import sdk_module

DISTRIBUTION = "openyuanrong-datasystem"
_OLDEST, _TESTED = Version("0.8.0"), Version("0.8.1")
_FAKE = "yr_fake_ds"


def probe() -> Iterator[Finding]:
    """Import the SDK; gives its version and where it and its `dscli` belong."""
    try:
        module = sdk_module()
    except InstallationError as error:
        text, _, advice = str(error).partition("; run: ")
        yield Finding("sdk", "error", text, f"run: {advice}")
        return
    yield _identify(os.path.realpath(str(module.__file__)))


def _identify(origin: str) -> Finding:
    root = os.path.dirname(os.path.dirname(os.path.dirname(origin)))
    released = _released(origin)
    if released is None:
        fake = sys.modules.get(_FAKE)
        name = "yr-fake-ds (a fake, for tests)" if fake else "a stand-in for it"
        version = str(getattr(fake, "__version__", ""))
        details = {"origin": origin, "version": version, "dscli": os.path.join(root, "bin/dscli")}
        return Finding("sdk", "ok", f"{name} {version}".strip() + f" at {root}", details=details)
    version = released.version
    details = {"origin": origin, "version": version, "dscli": _dscli_of(released)}
    text = f"{DISTRIBUTION} {version} at {root}"
    if Version(version) < _OLDEST:
        advice = f"run: pip install '{DISTRIBUTION}>={_OLDEST}'"
        return Finding("sdk", "error", f"{text} is too old", advice, details)
    if Version(version) > _TESTED:
        text = f"{text}; this package was tested with {_TESTED} at most"
        return Finding("sdk", "warning", text, details=details)
    return Finding("sdk", "ok", text, details=details)


def _released(origin: str) -> metadata.Distribution | None:
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
    own = os.path.realpath(str(found.locate_file("yr/datasystem/__init__.py")))
    return found if own == origin else None


def _dscli_of(released: metadata.Distribution) -> str:
    """Give the path of the command that was installed together with the SDK, if it is recorded."""
    for path in released.files or []:
        if path.name == "dscli":
            return os.path.realpath(str(released.locate_file(path)))
    return ""
