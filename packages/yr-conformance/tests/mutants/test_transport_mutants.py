"""The mutants themselves are well declared; `nox -s mutants` tries them all."""

import subprocess
import sys

import pytest
from every_mutant import OF_FUNCTIONS
from transport_mutants import Mutant


@pytest.fixture(scope="module")
def clause_ids() -> set[str]:
    """The ids of the catalogue, listed by a process in which the chapters can be imported."""
    command = [sys.executable, "-m", "yr_conformance", "list"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in listing.splitlines()}


@pytest.mark.parametrize("mutant", OF_FUNCTIONS, ids=lambda mutant: mutant.name)
def test_every_mutant_says_what_it_breaks_and_who_notices(
    mutant: Mutant, clause_ids: set[str]
) -> None:
    """A mutant has a sentence, and the clauses that it names exist."""
    assert mutant.function.__doc__
    assert mutant.expected
    assert set(mutant.expected) <= clause_ids
