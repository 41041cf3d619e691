"""Run every example on the fake and on the released datasystem: both must print the same.

Called by `nox -s examples` in an environment that has both. The README's Python block is one of
the examples. Those with NPUs run on emulated ones. Each runs in a directory of its own, which must
be empty afterwards.
"""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

from yr_conformance.nodes.network_card import with_a_card_where_possible

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
CARD = with_a_card_where_possible()
ACTIVATIONS = {"fake": ["yr-fake-ds", "run", "--"], "real": []}
NPU_ACTIVATIONS = {
    "fake": ["yr-fake-ds", "run", "--npus", "8", "--"],
    "real": ["yr-fake-cann", "run", "--npus", "8", "--"],
}
ON_NPUS = ("npu_", "combined_")
TIMEOUT_S = 180
FAILURE = "FAILED:"


def main(names: list[str]) -> int:
    """Run the named examples, or all, and return the number of those that disagree."""
    with tempfile.TemporaryDirectory() as directory:
        scripts = [readme_example(directory), *sorted(EXAMPLES.glob("*.py"))]
        chosen = [script for script in scripts if not names or script.stem in names]
        return sum(not _agrees(script) for script in chosen)


def readme_example(directory: str) -> pathlib.Path:
    """Write the README's Python block into a file of that directory."""
    text = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    script = pathlib.Path(directory) / "readme.py"
    script.write_text(text.split("```python\n")[1].split("```")[0], encoding="utf-8")
    return script


def _agrees(script: pathlib.Path) -> bool:
    on_npus = script.stem.startswith(ON_NPUS)
    # Otherwise torch loads torch_npu wherever that is installed, which fails where no CANN is.
    settings = {} if on_npus else {"TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    activations = NPU_ACTIVATIONS if on_npus else ACTIVATIONS
    outputs = {name: _run(command, script, settings) for name, command in activations.items()}
    same = len(set(outputs.values())) == 1 and not any(map(_failed, outputs.values()))
    for name in outputs if not same else list(outputs)[:1]:
        print(f"--- {script.stem} on {name}\n{outputs[name]}", end="")
    verdict = "as it should" if same else "DIFFERENT, OR WITH A FAILURE"
    print(f"{script.stem} on {' and '.join(outputs)}: {verdict}\n", flush=True)
    return same


def _run(activation: list[str], script: pathlib.Path, settings: dict[str, str]) -> str:
    environment = {**os.environ, **_free_ports(), **settings}
    with tempfile.TemporaryDirectory(prefix="ex-", dir="/tmp") as directory:
        command = [
            *CARD,
            *activation,
            sys.executable,
            "-W",
            "error::UserWarning:torch",
            str(script),
        ]
        finished = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        leftovers = os.listdir(directory)
    if finished.returncode or leftovers:
        failure = f"{FAILURE} exit status {finished.returncode}, left behind {leftovers}"
        return f"{failure}\n{finished.stdout}{finished.stderr}"
    return _said(finished.stdout)


def _said(stdout: str) -> str:
    """Leave out what torch_npu remarks, itself or through Ray from an actor."""
    lines = stdout.splitlines(keepends=True)
    return "".join(line for line in lines if "pid=" not in line and "Warning: " not in line)


def _failed(output: str) -> bool:
    return output.startswith(FAILURE)


def _free_ports() -> dict[str, str]:
    with socket.socket() as worker, socket.socket() as metastore:
        for probe in (worker, metastore):
            probe.bind(("127.0.0.1", 0))
        return {
            "YR_DS_WORKER_PORT": str(worker.getsockname()[1]),
            "YR_DS_METASTORE_PORT": str(metastore.getsockname()[1]),
        }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
