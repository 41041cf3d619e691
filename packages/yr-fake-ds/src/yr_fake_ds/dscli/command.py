"""The command line of dscli."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from yr_fake_ds.dscli import console
from yr_fake_ds.profile import UnknownProfileError, active

UNSUPPORTED: Final = (
    "up",
    "down",
    "runscript",
    "generate_config",
    "generate_helm_chart",
    "generate_cpp_template",
    "generate_docker_entryfile",
    "collect_log",
)
DEFAULT_TIMEOUT_S: Final = 90
NUMACTL: Final = {
    "-N": "cpunodebind",
    "-C": "physcpubind",
    "-i": "interleave",
    "-p": "preferred",
    "-m": "membind",
}


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse and carry out one command; argparse ends the process with 2 for a wrong usage."""
    try:
        release = active()
    except UnknownProfileError as error:
        console.error(str(error))
        return 1
    parser = _parser(f"{release.version} (commit: {release.commit})")
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    status: int = options.run(options)
    return status


def _parser(version: str) -> argparse.ArgumentParser:
    description = f"yr-fake-ds, in place of dscli (version: {version})"
    parser = argparse.ArgumentParser(prog="dscli", description=description)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version}")
    commands = parser.add_subparsers(dest="command")
    start = commands.add_parser("start", help="start a worker")
    start.add_argument("-d", "--datasystem_home_dir", metavar="DIR")
    start.add_argument("-t", "--timeout", type=int, default=DEFAULT_TIMEOUT_S, metavar="SECONDS")
    start.add_argument("--enable_ums", action="store_true")
    _add_numactl_options(start)
    how = start.add_mutually_exclusive_group(required=True)
    how.add_argument("-f", "--worker_config_path", metavar="FILE")
    how.add_argument("-w", "--worker_args", nargs=argparse.REMAINDER)
    start.set_defaults(run=_start)
    stop = commands.add_parser("stop", help="stop a worker")
    which = stop.add_mutually_exclusive_group(required=True)
    which.add_argument("-f", "--worker_config_path", metavar="FILE")
    which.add_argument("-w", "--worker_address", metavar="ADDR")
    stop.set_defaults(run=_stop)
    for name in UNSUPPORTED:
        commands.add_parser(name, help="not supported by the fake").set_defaults(run=_refuse)
    return parser


def _add_numactl_options(start: argparse.ArgumentParser) -> None:
    for short, name in NUMACTL.items():
        start.add_argument(short, f"--{name}", action="append", dest="numactl", metavar="NODES")
    start.add_argument(
        "-l", "--localalloc", action="append_const", dest="numactl", const="localalloc"
    )


def _start(options: argparse.Namespace) -> int:
    from yr_fake_ds.dscli.start import start

    try:
        start(options)
    except console.StartError as error:
        console.error(f"Start failed: {error}")
        return 1
    return 0


def _stop(options: argparse.Namespace) -> int:
    from yr_fake_ds.dscli.stop import stop

    try:
        stop(options)
    except console.StopError as error:
        console.error(f"Stop failed: {error}")
        return 1
    return 0


def _refuse(options: argparse.Namespace) -> int:
    console.error(
        f"{options.command}: yr-fake-ds supports only start and stop, "
        "since nothing is deployed; use the released dscli"
    )
    return 1
