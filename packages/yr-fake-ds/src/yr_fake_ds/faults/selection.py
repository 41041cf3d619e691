"""Selection: which rules strike a call. Pure but for its counters; one lock, any thread."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from yr_fake_ds.faults.plan import AnyRule, Plan, names_of


class Selection:
    """Counts the calls that each rule matches, and draws from the plan's seed."""

    def __init__(self, plan: Plan) -> None:
        self._rules = plan.rules
        self._random = random.Random(plan.seed)  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self._matched = [0] * len(plan.rules)
        self._fired = [0] * len(plan.rules)

    def strike(self, call: str, keys: Sequence[str]) -> list[AnyRule]:
        """Return the rules that strike this call, in their order."""
        with self._lock:
            return [
                rule
                for number, rule in enumerate(self._rules)
                if _matches(rule, call, keys) and self._counts(number, rule)
            ]

    def draw(self, keys: Sequence[str], share: float) -> list[str]:
        """Choose a share of the keys, at least one."""
        with self._lock:
            count = max(1, round(len(keys) * share))
            return self._random.sample(list(keys), min(count, len(keys)))

    def fired(self) -> list[int]:
        """Return how often each rule has struck."""
        with self._lock:
            return list(self._fired)

    def _counts(self, number: int, rule: AnyRule) -> bool:
        turn = self._matched[number] - rule.skip
        self._matched[number] += 1
        if turn < 0 or (rule.times is not None and turn >= rule.times):
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        self._fired[number] += 1
        return True


def _matches(rule: AnyRule, call: str, keys: Sequence[str]) -> bool:
    names = names_of(rule)
    if "*" not in names and call not in names:
        return False
    return not rule.key or any(key.startswith(rule.key) for key in keys)
