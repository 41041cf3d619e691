"""Runs a block of shell commands as a reader would, and compares what it prints.

A `console` block has prompts, `$ `, and below each command what it prints, if that is shown; `...`
stands for any text. A command may fail only if the next one is `echo $?`. In an `sh` block every
command has to succeed, and nothing is compared.
"""

from __future__ import annotations

import doctest
import pathlib
import secrets
import subprocess
from dataclasses import dataclass, field

PROMPT = "$ "
ASKS_STATUS = "echo $?"
PATIENCE_S = 300
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_CHECKER = doctest.OutputChecker()


class BlockError(Exception):
    """A block does not do what its page says; the text has what was said and what came."""


@dataclass
class Command:
    """A command of a console block, and the lines below it."""

    text: str
    shown: list[str] = field(default_factory=list)


def run_script(source: str, directory: pathlib.Path) -> str:
    """Run an `sh` block; BlockError if a command of it fails. Gives what it printed."""
    done = _bash(f"set -euo pipefail\n{source}", directory)
    if done.returncode:
        raise BlockError(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_console(source: str, directory: pathlib.Path) -> str:
    """Run a `console` block; BlockError where it prints or ends otherwise than shown."""
    commands = parse_console(source)
    mark = secrets.token_hex(8)
    script = "".join(
        f"{one.text}\n{{ status=$?; printf '\\n{mark} %s\\n' $status; (exit $status); }}\n"
        for one in commands
    )
    done = _bash(script, directory)
    printed = done.stdout.split(f"\n{mark} ")
    for number, one in enumerate(commands):
        may_fail = number + 1 < len(commands) and commands[number + 1].text == ASKS_STATUS
        _, _, output = printed[number].partition("\n") if number else ("", "", printed[0])
        status = printed[number + 1].split("\n", 1)[0] if number + 1 < len(printed) else "none"
        if status != "0" and not may_fail:
            raise BlockError(f"{one.text}: exit status {status}\n{output}{done.stderr}")
        compare("\n".join(one.shown), output, f"{one.text}\n{done.stderr}")
    return printed[0]


def parse_console(source: str) -> list[Command]:
    """Split a console block; BlockError if it begins without a prompt."""
    commands: list[Command] = []
    for line in source.splitlines():
        if line.startswith(PROMPT):
            commands.append(Command(line.removeprefix(PROMPT)))
        elif not commands:
            raise BlockError(f"a console block begins with {PROMPT!r}, not with {line!r}")
        elif commands[-1].text.endswith("\\") and not commands[-1].shown:
            commands[-1].text += f"\n{line}"
        else:
            commands[-1].shown.append(line)
    return commands


def compare(shown: str, printed: str, context: str) -> None:
    """Raise BlockError unless the page shows nothing, or what was printed."""
    if shown.strip() and not _CHECKER.check_output(shown, printed, _FLAGS):
        example = doctest.Example("", shown)
        difference = _CHECKER.output_difference(example, printed, doctest.REPORT_NDIFF)
        raise BlockError(f"{difference}\n{context}")


def _bash(script: str, directory: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
