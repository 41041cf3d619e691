"""One harness for every way to move a tensor between Ray actors on one machine: `nox -s bench`."""
