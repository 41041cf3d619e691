"""Numbered conformance clauses for openYuanrong datasystem and for tensor transports over it.

    yr-conformance run --target fake -n 2      run the clauses; other options are pytest's
    yr-conformance run --report DIR            leave a report, for people and for programs
    yr-conformance report merge A B --to DIR   put several of them on one page
    yr-conformance diff A B                    what got worse from one to the next?
    yr-conformance explain KV-GET-07           all that is known of a clause
    yr-conformance list                        print the catalogue
    yr-conformance calibrate --target NAME     what does a card do where we had to guess?

The suite sees public names only (`yr.datasystem`, `dscli`, `ray`, `ray_ascend`): the datasystem it
tests is the one on the path of the process that runs it.
"""

from yr_conformance._version import __version__

__all__ = ["__version__"]
