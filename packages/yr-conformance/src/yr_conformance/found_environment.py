"""What of a run's environment is known only while clauses run; reports show it with the rest.

fixture `etcd` --> config.stash[FOUND] --> reports of tests --> the process that reports
"""

from __future__ import annotations

import pytest

FOUND = pytest.StashKey[dict[str, str]]()
"""What the fixtures of this process found, by the name that reports have for it."""
