"""Use the built wheels as their users do, by an interpreter that has only the wheels.

Nothing of the repository is on the path: what a wheel forgot to ship fails here.
"""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import subprocess
import sys
import tempfile

from run_examples import CARD, EXAMPLES, readme_example

DISTRIBUTIONS = {
    "ray-ascend-yr": "ray_ascend",
    "yr-fake-ds": "yr_fake_ds",
    "yr-conformance": "yr_conformance",
    "yr-fake-cann": "yr_fake_cann",
}
BIN = pathlib.Path(sys.executable).parent


def main() -> None:
    """Check each distribution, then run examples and the catalogue of clauses."""
    for distribution, import_name in DISTRIBUTIONS.items():
        _check_distribution(distribution, import_name)
    with tempfile.TemporaryDirectory() as directory:
        named = [EXAMPLES / f"{name}.py" for name in ("sdk_two_processes", "cpu_quick_start")]
        for example in (*named, readme_example(directory)):
            _run(directory, *CARD, BIN / "yr-fake-ds", "run", "--", sys.executable, example)
        _run(directory, sys.executable, "-m", "yr_conformance", "list")
        load = "import ctypes; ctypes.CDLL('libascendcl.so').aclInit(None)"
        _run(
            directory, BIN / "yr-fake-cann", "run", "--npus", "2", "--", sys.executable, "-c", load
        )
    print("smoke test passed")


def _check_distribution(distribution: str, import_name: str) -> None:
    module = __import__(import_name)
    version = importlib.metadata.version(distribution)
    if module.__version__ != version:
        sys.exit(f"{distribution}: the package says {module.__version__}, its metadata {version}")
    if distribution == "ray-ascend-yr":
        _check_commit(module.__commit__.removesuffix("-dirty"))
    marker = pathlib.Path(str(module.__file__)).parent / "py.typed"
    if not marker.exists():
        sys.exit(f"{distribution}: the wheel has no py.typed")
    _check_documents(distribution)
    print(distribution, version)


def _check_documents(distribution: str) -> None:
    """Follow the links of what is installed, and of the page that a registry shows."""
    installed = pathlib.Path(sys.prefix, "share", "doc", distribution)
    for page in (installed / "README.md", *installed.glob("docs/*.md")):
        for link in _links(page.read_text(encoding="utf-8")):
            if not link.startswith("https://") and not (page.parent / link).exists():
                sys.exit(f"{distribution}: {page} links to {link}, which is not installed")
    description = str(importlib.metadata.metadata(distribution).json["description"])
    relative = [link for link in _links(description) if not link.startswith("https://")]
    if relative or "/docs/" not in description:
        sys.exit(f"{distribution}: links that are dead on a registry's page: {relative}")


def _links(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)#]*)", text) if link]


def _check_commit(commit: str) -> None:
    """Compare with what git says, if it says something: the sources may be no working copy."""
    asked = ("git", "-C", str(EXAMPLES.parent), "rev-parse", "HEAD")
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    if commit != said:
        sys.exit(f"the wheel says commit {commit!r}, git {said!r}")


def _run(directory: str, *command: str | pathlib.Path) -> None:
    subprocess.run(
        [str(part) for part in command], cwd=directory, check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
