"""How long a worker's start may take, and so whoever needs a worker waits for one."""

from __future__ import annotations

WORKER_START_S = 60.0
"""Longest start of a worker: 2 to 8 s, and four times that on a machine under heavy load.

A worker that cannot start is noticed long before, through its log.
"""
REPLACEMENT_S = WORKER_START_S + 10.0
"""From a worker's death until another one answers, at most: it is also noticed and cleaned up.

Whoever needs a worker waits so long for it: a put, and the first transfer of a process. A fetch may
not, since Ray gives up its receiver.
"""
