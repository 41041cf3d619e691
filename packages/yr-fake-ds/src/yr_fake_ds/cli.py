"""The command ``yr-fake-ds``: run, env, which, top.

yr-fake-ds run -- pytest -q        run a command, and all it starts, on the fake
yr-fake-ds run --npus 8 -- ...     the same with 8 emulated NPUs (needs yr-fake-cann)
eval "$(yr-fake-ds env)"           the same for the rest of a shell session
yr-fake-ds which                   one line: which SDK is active here
yr-fake-ds top HOST:PORT           what a worker holds, refreshed
"""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from yr_fake_ds import activation, npus
from yr_fake_ds._version import __version__
from yr_fake_ds.errors import ActivationError
from yr_fake_ds.profile import UnknownProfileError

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code (``run`` does not return)."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ActivationError as error:
        return _fail(f"cannot activate: {error}", 1)
    except UnknownProfileError as error:
        return _fail(str(error), 1)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yr-fake-ds", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"yr-fake-ds {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a command, and all it starts, on the fake")
    run.add_argument("--npus", type=int, metavar="N", help="with N emulated NPUs, of yr-fake-cann")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    run.set_defaults(run=_run)
    env = commands.add_parser("env", help="print shell code that activates the fake")
    env.set_defaults(run=_env)
    which = commands.add_parser("which", help="say which SDK is active")
    which.set_defaults(run=_which)
    top = commands.add_parser("top", help="show what a worker holds")
    top.add_argument("address", metavar="HOST:PORT")
    top.add_argument("--once", action="store_true", help="print once instead of refreshing")
    top.add_argument("--interval", type=float, default=1.0, metavar="SECONDS")
    top.set_defaults(run=_top)
    return parser


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        return _fail("run needs a command: yr-fake-ds run -- COMMAND ...", 2)
    activation.refuse_if_impossible()
    environ = {**os.environ, **activation.variables(os.environ)}
    if options.npus is not None:
        environ.update(npus.variables(environ, options.npus))
    elif without := npus.without_cann(environ):
        sys.stderr.write(f"yr-fake-ds: {npus.WITHOUT_CANN}\n")
        environ.update(without)
    return _exec(command, environ)


def _exec(command: list[str], environ: dict[str, str]) -> int:
    program = _resolve(command[0], environ["PATH"])
    if program is None:
        return _fail(f"command not found: {command[0]}", NOT_FOUND)
    sys.stdout.flush()
    try:
        _replace_process(program, command, environ)
    except OSError as error:
        return _fail(f"cannot execute {program}: {error.strerror}", NOT_EXECUTABLE)


def _replace_process(program: str, command: list[str], environ: dict[str, str]) -> NoReturn:
    os.execve(program, command, environ)  # noqa: S606 - running the given command is the product


def _resolve(name: str, path: str) -> str | None:
    if os.sep in name:
        return name if os.path.exists(name) else None
    # Run from an environment that is not activated, its own commands are still found.
    return shutil.which(name, path=path) or shutil.which(name, path=os.path.dirname(sys.executable))


def _env(_options: argparse.Namespace) -> int:
    activation.refuse_if_impossible()
    for name, value in activation.variables(os.environ).items():
        _print(f"export {name}={shlex.quote(value)}")
    return 0


def _which(_options: argparse.Namespace) -> int:
    # A script's own directory comes before PYTHONPATH, so look at what a child would import.
    _print(activation.active_sdk().describe())
    return 0


def _top(options: argparse.Namespace) -> int:
    from yr_fake_ds.top import show

    return show(options.address, once=options.once, interval=options.interval)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"yr-fake-ds: {message}\n")
    return code
