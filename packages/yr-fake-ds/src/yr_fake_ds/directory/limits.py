"""What a publishing call may not ask for, whatever exists already."""

from __future__ import annotations

from typing import Final

from yr_fake_ds import texts
from yr_fake_ds.directory.messages import Announce
from yr_fake_ds.refusal import RefusedError

L2_MODES: Final = frozenset({1, 2, 4})
MSET_LIMIT: Final = 10000
SINGLE_CALLS: Final = frozenset({"set", "put", "seal"})
"""Calls that compare parameters with those of an existing value before all else."""


def check_request(request: Announce) -> None:
    """Refuse options that the call does not support, in the order measured on 0.8.1."""
    keys = [entry.key for entry in request.entries]
    if request.call in {"mset", "mset_buffer"} and request.only_if_absent:
        raise RefusedError(texts.MSET_NX_UNSUPPORTED, existence=1)
    if request.call not in SINGLE_CALLS:
        check_mode(request)
    if request.call == "mset" and len(keys) > MSET_LIMIT:
        raise RefusedError(texts.MSET_TOO_MANY_KEYS, limit=MSET_LIMIT)
    if request.call == "mset_buffer" and len(set(keys)) < len(keys):
        raise RefusedError(texts.PUBLISH_DUPLICATE, keys=", ".join(keys))


def check_mode(request: Announce) -> None:
    """Refuse modes that need an L2 cache."""
    if request.parameters.write_mode in L2_MODES:
        raise RefusedError(texts.NO_L2_CACHE)
