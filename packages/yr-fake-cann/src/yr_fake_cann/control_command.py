"""``yr-fake-cann control``: change and show the condition of NPUs of a running machine.

yr-fake-cann control FILE show
yr-fake-cann control FILE fail --npu 0 [--status 507054]
yr-fake-cann control FILE hang | exhaust | unlink --npu 0
yr-fake-cann control FILE heal [--npu 0]
"""

import argparse
import sys
from typing import Any, Final

from yr_fake_cann.control import Control, ControlError

ACTIONS: Final = ("show", "fail", "hang", "exhaust", "unlink", "heal")
_WITH_STATUS: Final = ("fail", "unlink")


def add_to(commands: Any) -> None:
    """Add the command to the subcommands of ``yr-fake-cann``."""
    parser = commands.add_parser("control", help="change the condition of NPUs that are used")
    parser.add_argument("file", metavar="FILE", help="what `run --control FILE` was given")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("--npu", type=int, metavar="N", help="the physical NPU; heal: all")
    parser.add_argument(
        "--status", type=int, metavar="CODE", help="the ACL status (fail: 507015, unlink: 507056)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what the command says; raises ControlError."""
    control = Control(options.file)
    if options.status is not None and options.action not in _WITH_STATUS:
        raise ControlError(f"{options.action} has no status")
    if options.action == "show" and options.npu is not None:
        raise ControlError("show shows all NPUs, without --npu")
    if options.action == "show":
        sys.stdout.write(_shown(control))
        return 0
    if options.action == "heal":
        control.heal(options.npu)
        return 0
    if options.npu is None:
        raise ControlError(f"{options.action} needs an NPU: --npu N")
    status = [] if options.status is None else [options.status]
    getattr(control, options.action)(options.npu, *status)
    return 0


def _shown(control: Control) -> str:
    unwell = control.unwell()
    if not unwell:
        return "all NPUs are well\n"
    return "".join(
        f"NPU {npu}: {condition.name}{f', {condition.status}' if condition.status else ''}\n"
        for npu, condition in unwell.items()
    )
