"""The variables of a driver in the mode of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.settings.variables import Variables, in_etcd_mode, in_metastore_mode


def variables_of(request: pytest.FixtureRequest) -> Callable[..., Variables]:
    """Make the variables of the mode of this run, given more arguments of the worker."""
    if request.config.option.mode == "metastore":
        return in_metastore_mode
    address = request.getfixturevalue("etcd").address
    return lambda arguments="": in_etcd_mode(address, arguments)
