"""What one check found: the record that every part of the doctor makes and that `--json` shows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["ok", "warning", "error", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One finding; `advice` says what to do, `details` holds its numbers, `log` others' last lines.

    Only an `error` makes the installation or the cluster unhealthy. `skipped` is what does not
    apply here.
    """

    name: str
    state: State
    text: str
    advice: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    log: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the record as `--json` shows it."""
        return {**asdict(self), "log": list(self.log)}

    def line(self) -> str:
        """Give the record as one line of text, for `from_line` in another process."""
        return json.dumps(self.as_json())

    @classmethod
    def from_line(cls, line: str) -> Finding:
        """Take a record that another process wrote with `line`."""
        record = json.loads(line)
        return cls(**{**record, "log": tuple(record["log"])})


def failed(name: str, error: BaseException) -> Finding:
    """Describe a check that could not be carried out."""
    text = f"this check could not be carried out: {type(error).__name__}: {error}"
    return Finding(name, "error", text)
