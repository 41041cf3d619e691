"""The findings as a person reads them, and as a program does."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from ray_ascend._version import __version__
from ray_ascend.backend.hidden_values import shown
from ray_ascend.doctor.examination import is_healthy
from ray_ascend.doctor.finding import Finding

FORMAT = 1
"""Grows when a field of `--json` changes its meaning or goes."""


def as_text(findings: Sequence[Finding]) -> str:
    """Give aligned lines: state, name, text; advice and others' log lines below."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"ray-ascend-yr {__version__} on {socket.gethostname()}", ""]
    for finding in findings:
        lines.append(f"{finding.state:<7}  {finding.name:<{width}}  {_one_line(finding.text)}")
        indent = " " * (width + 11)
        if finding.advice and finding.state != "ok":
            lines.append(f"{indent}-> {_one_line(finding.advice)}")
        lines += [f"{indent}|  {line}" for line in finding.log]
    return "\n".join([*lines, "", _verdict(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """Give one JSON object; its shape is described in docs/doctor.md."""
    document = {
        "format": FORMAT,
        "version": __version__,
        "host": socket.gethostname(),
        "healthy": is_healthy(findings),
        "checks": [_published(finding.as_json()) for finding in findings],
    }
    return json.dumps(document, indent=2)


def _published(check: dict[str, Any]) -> dict[str, Any]:
    """Hide secrets among the workers' flags, which the checks themselves need."""
    details = check["details"]
    if "worker_args" not in details:
        return check
    return {**check, "details": {**details, "worker_args": shown(details["worker_args"])}}


def _verdict(findings: Sequence[Finding]) -> str:
    count = {
        state: sum(finding.state == state for finding in findings) for state in ("error", "warning")
    }
    verdict = "healthy" if is_healthy(findings) else "not healthy"
    return f"{verdict}: {count['error']} errors, {count['warning']} warnings"


def _one_line(text: str) -> str:
    return " ".join(text.split())
