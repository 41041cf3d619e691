"""What a process hands to `ray.util.metrics`, written down instead of sent to an agent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import ray.util.metrics

from ray_ascend.metrics import recorder


class Records:
    """All values that a process gave, by `name` or `name label label`, in Ray's three kinds."""

    def __init__(self) -> None:
        self.given: dict[str, list[float]] = {}

    def kind(self, name_of_kind: str) -> type[Any]:
        """Make a class with the arguments and the methods of one of Ray's."""
        records = self

        class Metric:
            def __init__(self, name: str, description: str, *more: Sequence[float | str]) -> None:
                assert description, "Ray shows it"
                self._name, self._keys = name, more[-1]

            def _give(self, value: float, tags: Mapping[str, str]) -> None:
                assert list(tags) == list(self._keys), "Ray refuses missing and unknown tags"
                key = " ".join([self._name, *tags.values()])
                records.given.setdefault(key, []).append(value)

        method = {"Counter": "inc", "Gauge": "set", "Histogram": "observe"}[name_of_kind]
        setattr(Metric, method, Metric._give)
        return Metric

    def totals(self) -> dict[str, float]:
        """Give the sums of counters."""
        return {key: sum(values) for key, values in self.given.items() if "_total" in key}


@contextlib.contextmanager
def recorded() -> Iterator[Records]:
    """Let this process begin to measure anew; what is left is handed over when the block ends."""
    records = Records()
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("Counter", "Gauge", "Histogram"):
            patch.setattr(ray.util.metrics, kind, records.kind(kind))
        patch.setattr(recorder._process, "recorder", None)
        yield records
        made = recorder._process.recorder
        if made is not None and made.exporter is not None:
            made.exporter.end()
