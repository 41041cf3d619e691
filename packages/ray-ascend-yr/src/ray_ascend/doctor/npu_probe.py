"""Which NPUs a process sees; runs in a child process, since importing torch_npu may crash one."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

from ray_ascend.doctor.finding import Finding, State
from ray_ascend.doctor.versions import installed

_VISIBLE = "ASCEND_RT_VISIBLE_DEVICES"


def probe(remote_ids: str = "") -> Iterator[Finding]:
    """Count the NPUs; `remote_ids` is the value of --remote_h2d_device_ids, if it is set."""
    found = _npus()
    yield found
    if remote_ids and not found.details.get("count"):
        yield Finding(
            "remote_h2d_device_ids",
            "error",
            f"--remote_h2d_device_ids {remote_ids} is set, but there is no NPU: the worker would "
            "not start",
            "leave it out of YR_DS_WORKER_ARGS on a machine without NPUs",
        )


def _npus() -> Finding:
    cards = len(glob.glob("/dev/davinci[0-9]*"))
    visible = os.environ.get(_VISIBLE)
    setting = "" if visible is None else f" ({_VISIBLE}={visible})"
    if not installed("torch_npu"):
        text = f"torch_npu is not installed; {cards} cards in /dev"
        advice = "install the torch_npu that belongs to the installed torch" if cards else ""
        return Finding("npu", "warning" if cards else "skipped", text, advice)
    try:
        count = _device_count()
    except (ImportError, OSError, RuntimeError) as error:
        text = f"torch_npu cannot be used: {error}"
        advice = "check CANN: is its set_env.sh in effect in this shell?"
        return Finding("npu", "error" if cards else "warning", text, advice)
    details = {"count": count, "visible": visible}
    if count == 0 and (cards or visible):
        text = f"no NPU is visible{setting}; {cards} cards in /dev"
        return Finding("npu", "warning", text, f"check {_VISIBLE} and the driver", details)
    state: State = "ok" if count else "skipped"
    return Finding("npu", state, f"{count} visible{setting}", details=details)


def _device_count() -> int:
    # torch would load torch_npu by itself, and replace its error by one of its own.
    os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
    import torch
    import torch_npu  # noqa: F401 - makes torch know the device

    return int(torch.get_device_module("npu").device_count())
