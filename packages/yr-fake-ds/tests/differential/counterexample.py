"""Scripts that repeat the steps of a walk on either SDK, without anything of this repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from pprint import pformat
from typing import Any

_HERE = Path(__file__).parent
_SOURCES = ("driver.py", "actors.py", "stage.py")
_OWN = re.compile(
    r"^(?:from (?:driver|actors) import [^\n]*|from __future__ [^\n]*)\n", re.MULTILINE
)
_HEAD = '''\
"""Takes steps that the fake and the released datasystem answered differently.

    python THIS_FILE                        with the released SDK, and its dscli beside the python
    yr-fake-ds run -- python THIS_FILE      with the fake

{difference}
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

PREFIX = {prefix!r}
STEPS = {steps}
'''
_TAIL = """

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    beside = pathlib.Path(sys.executable).with_name("dscli")
    dscli = shutil.which("dscli") if "YR_FAKE_DS" in os.environ or not beside.exists() else beside
    home = tempfile.mkdtemp(prefix="yrc", dir="/tmp")
    metastore, ports = f"127.0.0.1:{free_port()}", [free_port(), free_port()]
    try:
        for port in ports:
            options = ["--worker_address", f"127.0.0.1:{port}", "--metastore_address", metastore]
            options += ["--start_metastore_service", "true"] if port == ports[0] else []
            where = f"{home}/{port}"
            os.mkdir(where)
            options += ["--shared_memory_size_mb", "128"]
            subprocess.run([dscli, "start", "-d", where, "-w", *options], check=True, cwd=home,
                           stdout=subprocess.DEVNULL)
        stage = Stage(*ports)
        for step in STEPS:
            print(step, "->", outcome(stage.play, [PREFIX, step]), flush=True)
        stage.forget()
    finally:
        for port in reversed(ports):
            subprocess.run([dscli, "stop", "-w", f"127.0.0.1:{port}"], check=False,
                           stdout=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


main()
"""


def script(prefix: str, steps: Sequence[Any], difference: str) -> str:
    """Write the script; `difference` says what was found at the last step."""
    said = difference.replace("\\", "\\\\").replace('"""', "'''")
    head = _HEAD.format(difference=said, prefix=prefix, steps=pformat(list(steps), width=96))
    return head + "".join(_own_source(_HERE / name) for name in _SOURCES) + _TAIL


def _own_source(path: Path) -> str:
    """Give a module's code, without what imports its neighbours and what runs it."""
    code, _, _ = path.read_text(encoding="utf-8").partition('\n\nif __name__ == "__main__":')
    return f"\n\n# {path.stem}\n{_OWN.sub('', code)}\n"
