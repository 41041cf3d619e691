"""Numbered conformance clauses for openYuanrong datasystem and for tensor transports over it.

    yr-conformance run --target fake -n 2      run the clauses; other options are pytest's
    yr-conformance list                        print the catalogue

The suite sees public names only (`yr.datasystem`, `dscli`, `ray`, `ray_ascend`): the datasystem it
tests is the one on the path of the process that runs it.
"""

from yr_conformance._version import __version__

__all__ = ["__version__"]
