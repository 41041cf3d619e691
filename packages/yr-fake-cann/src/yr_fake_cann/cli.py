"""The command ``yr-fake-cann``: run, env, which, control, npu-smi.

yr-fake-cann run --npus 8 -- pytest -q     run a command, and all it starts, on emulated NPUs
eval "$(yr-fake-cann env --npus 8)"        the same for the rest of a shell session
yr-fake-cann which                         one line: what is active here
yr-fake-cann control FILE fail --npu 0     change the condition of an NPU of a running machine
yr-fake-cann npu-smi info                  what npu-smi would say of this machine
"""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from yr_fake_cann import activation, calibration, control_command, npu_smi
from yr_fake_cann._version import __version__
from yr_fake_cann.calibration import CalibrationError
from yr_fake_cann.chips import chips
from yr_fake_cann.control import VARIABLE, Control, ControlError
from yr_fake_cann.errors import ActivationError

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
MOST_NPUS: Final = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code (``run`` does not return)."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ActivationError as error:
        return _fail(f"cannot activate: {error}", 1)
    except (CalibrationError, ControlError) as error:
        return _fail(str(error), 1)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yr-fake-cann", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"yr-fake-cann {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a command, and all it starts, on emulated NPUs")
    _add_machine(run)
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    run.set_defaults(run=_run)
    env = commands.add_parser("env", help="print shell code that activates the emulated NPUs")
    _add_machine(env)
    env.set_defaults(run=_env)
    which = commands.add_parser("which", help="say whether emulated NPUs are active")
    which.set_defaults(run=_which)
    control_command.add_to(commands)
    npu_smi.add_to(commands)
    return parser


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--npus", type=npu_count, metavar="N", help="NPUs of the machine (default 8)"
    )
    parser.add_argument("--memory-mb", type=_positive, metavar="MB", help="memory of each NPU")
    parser.add_argument("--soc", type=_chip, metavar="NAME", help="chip (default Ascend910B3)")
    parser.add_argument(
        "--strict",
        action="store_true",
        default=None,
        help="fault when the host touches device memory",
    )
    parser.add_argument(
        "--streams",
        choices=("inline", "async"),
        help="async: copies and collectives complete later, so a missing synchronize shows",
    )
    parser.add_argument(
        "--control",
        metavar="FILE",
        help="let `yr-fake-cann control FILE` change the NPUs while they are used; made if missing",
    )
    parser.add_argument(
        "--calibration",
        metavar="FILE",
        help="be like the card that `yr-conformance calibrate --output FILE` has measured",
    )


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        return _fail("run needs a command: yr-fake-cann run --npus 8 -- COMMAND ...", 2)
    changed = activation.variables(os.environ, _machine(options))
    return _exec(command, {**os.environ, **changed})


def _env(options: argparse.Namespace) -> int:
    for name, value in activation.variables(os.environ, _machine(options)).items():
        _print(f"export {name}={shlex.quote(value)}")
    return 0


def _which(_options: argparse.Namespace) -> int:
    _print(activation.describe())
    return 0


def _machine(options: argparse.Namespace) -> activation.Machine:
    control = options.control and Control.create(options.control).environment()[VARIABLE]
    return activation.Machine(
        *(options.npus, options.memory_mb, options.soc, options.strict, options.streams),
        *(control, options.calibration and _calibrated(options.calibration)),
    )


def _calibrated(path: str) -> str:
    found = calibration.read(path)
    if found.notice:
        sys.stderr.write(f"yr-fake-cann: {found.notice}\n")
    return found.variable


def npu_count(text: str) -> int:
    """Read a number of NPUs; ArgumentTypeError with the reason. Called by the pytest plugin too."""
    number = _positive(text)
    if number > MOST_NPUS:
        raise argparse.ArgumentTypeError(f"at most {MOST_NPUS} NPUs can be emulated")
    return number


def _chip(text: str) -> str:
    try:
        known = chips()
    except ActivationError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if text not in known:
        raise argparse.ArgumentTypeError(f"{text!r} is not emulated, but {', '.join(known)}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _exec(command: list[str], environ: dict[str, str]) -> int:
    program = _resolve(command[0], environ.get("PATH", os.defpath))
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


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"yr-fake-cann: {message}\n")
    return code
