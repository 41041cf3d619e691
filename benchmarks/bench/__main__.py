"""Measure every way to move a tensor between Ray actors of one machine, in one run.

    harness --asks--> stage "released", "fake", "published", "ray": a process and a Ray cluster each
            <-------- milliseconds, or the reason why there are none

Prints tables, and writes JSON and pictures into a directory.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench import counts, flames, page, plots, profiling, tables
from bench.contenders import CONTENDERS, Contender
from bench.machine import this_machine
from bench.results import Results
from bench.stages import started
from bench.terminal import Terminal
from bench.turns import Rounds, run
from bench.works import WORKS, Work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; the exit status is 0 whatever goals are reached."""
    options = _options(arguments)
    works, contenders = _chosen(options.only, options.contender)
    options.directory.mkdir(parents=True, exist_ok=True)
    terminal = Terminal()
    results = Results(this_machine(_versions(options.python)))
    terminal.say(results.machine.described())
    profiles: dict[str, profiling.Profile] = {}
    pythons = {name: options.python[name] for name in dict.fromkeys(c.stage for c in contenders)}
    try:
        rounds = Rounds(options.quick, options.turns)
        turns = rounds.turns(works, contenders)
        with started(pythons, options.directory) as stages, terminal.progress(turns) as told:
            run(works, contenders, stages, results, rounds, told)
            if options.profile:
                profiles = profiling.profile(stages, works, contenders, options.directory, told)
        if options.counts:
            counts.take(options.python["released"], results, options.directory)
    except KeyboardInterrupt:
        terminal.say("interrupted: this is what was measured until then")
    _report(results, profiles, options, terminal)
    return 0


def _report(
    results: Results,
    profiles: Mapping[str, profiling.Profile],
    options: argparse.Namespace,
    terminal: Terminal,
) -> None:
    results.write(options.directory / "results.json")
    more = profiling.tables(profiles)
    if options.counts:
        more.append(counts.table(results))
    for table in (*tables.all_figures(results), *more, tables.goals(results)):
        terminal.show(table)
    pictures = plots.draw(results, options.directory)
    for name, found in profiles.items():
        path = options.directory / f"phases-{re.sub('[^0-9a-z]+', '-', name.lower())}.svg"
        pictures.append(plots.draw_phases(profiling.times(found), name, path))
    if options.profile and flames.tool() is None:
        terminal.say("no flame graphs: py-spy is not installed (pip install py-spy)")
    if options.page:
        page.write(results, options.page, pictures, more)
    terminal.say(f"written to {options.directory}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="fewer works and turns: 3 minutes")
    parser.add_argument("--turns", type=int, default=1000, help="of each contender at most")
    parser.add_argument("--only", action="append", default=[], help="works that match (regex)")
    names = [one.name for one in CONTENDERS]
    parser.add_argument("--contender", action="append", default=[], choices=names, metavar="NAME")
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path("reports/bench"))
    parser.add_argument("--profile", action="store_true", help="phases and flame graphs, too")
    parser.add_argument("--page", type=pathlib.Path, help="write a page, in Markdown")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        type=_named,
        metavar="STAGE=PATH",
        help="interpreter of a stage; `ray` has that of `released`",
    )
    options = parser.parse_args(arguments)
    # A run of few works or contenders is about those.
    options.counts = not (options.quick or options.only or options.contender)
    options.python = {one.stage: sys.executable for one in CONTENDERS} | dict(options.python)
    options.python["ray"] = options.python["released"]
    return options


def _named(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or name not in {one.stage for one in CONTENDERS}:
        raise argparse.ArgumentTypeError(f"{text!r} is not STAGE=PATH with a known stage")
    return name, os.path.abspath(value)


def _chosen(patterns: Sequence[str], names: Sequence[str]) -> tuple[list[Work], list[Contender]]:
    works = [
        one
        for one in WORKS
        if not patterns or any(re.search(pattern, one.name) for pattern in patterns)
    ]
    contenders = [one for one in CONTENDERS if not names or one.name in names]
    if not works:
        raise SystemExit(f"no work matches {patterns}; there are: {[one.name for one in WORKS]}")
    return works, contenders


def _versions(pythons: dict[str, str]) -> str:
    """Ask the environment of the transport what is in it."""
    wanted = ("ray", "torch", "numpy", "openyuanrong-datasystem")
    script = (
        "import importlib.metadata as m, sys\n"
        "print('Python', sys.version.split()[0], *(f'; {n} {m.version(n)}' "
        f"for n in {wanted} if m.packages_distributions and n))"
    )
    asked = subprocess.run(
        [pythons["released"], "-c", script], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip().replace(" ;", ";") or "versions unknown"


if __name__ == "__main__":
    # What was measured until then is reported, and the stages end in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
