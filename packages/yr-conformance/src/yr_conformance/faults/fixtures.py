"""The fixture by which clauses hand the rows of the table of faults to the report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.faults.trial import Trial
from yr_conformance.results import FAULT_PROPERTY

Row = Callable[[Trial], None]


@pytest.fixture
def fault_row(request: pytest.FixtureRequest) -> Row:
    """Put a trial into the table of the report."""

    def put(trial: Trial) -> None:
        request.node.user_properties.append((FAULT_PROPERTY, trial.row()))

    return put
