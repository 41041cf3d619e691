"""``yr-fake-ds top``: what a fake worker holds, as plain text, refreshed."""

import sys
import time
from typing import Final

from yr_fake_ds.inspect import Inspection, inspect_worker

CLEAR_SCREEN: Final = "\x1b[H\x1b[2J"
SHOWN_OBJECTS: Final = 20


def show(address: str, *, once: bool, interval: float) -> int:
    """Print the worker's state, again every `interval` seconds; returns the exit code."""
    while True:
        try:
            text = render(address, inspect_worker(address))
        except PermissionError as error:
            sys.stderr.write(f"yr-fake-ds: the worker at {address} refuses: {error}\n")
            return 1
        except (OSError, ValueError) as error:
            sys.stderr.write(f"yr-fake-ds: no fake worker answers at {address}: {error}\n")
            return 1
        sys.stdout.write((CLEAR_SCREEN if sys.stdout.isatty() else "") + text)
        sys.stdout.flush()
        if once:
            return 0
        try:
            time.sleep(interval)
        except KeyboardInterrupt:
            return 0


def render(address: str, state: Inspection) -> str:
    """Return the worker's state as lines of text."""
    calls = "  ".join(f"{name} {count}" for name, count in sorted(state.calls.items()))
    clients = len(state.clients)
    lines = [
        f"worker {address}  pid {state.pid}  id {state.worker_id}",
        f"arena {state.used_bytes} of {state.arena_bytes} bytes",
        f"objects {len(state.objects)}  references {state.held_references}  clients {clients}",
        f"calls  {calls}",
        "",
        f"{'bytes':>12} {'refs':>5} {'ttl':>7}  key",
    ]
    biggest = sorted(state.objects, key=lambda part: -part.size)[:SHOWN_OBJECTS]
    for part in biggest:
        ttl = "-" if part.ttl_s is None else f"{part.ttl_s:.1f}"
        mark = " (replica)" if part.replica else ""
        lines.append(f"{part.size:>12} {part.references:>5} {ttl:>7}  {part.key}{mark}")
    if len(state.objects) > SHOWN_OBJECTS:
        lines.append(f"... and {len(state.objects) - SHOWN_OBJECTS} more")
    return "\n".join(lines) + "\n"
