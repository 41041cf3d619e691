"""`dscli start` and `dscli stop` twice, on the fake and on the real system."""

import re
import subprocess
from collections.abc import Callable

from sdk_process import SdkProcess

IN_USE = "Address already in use"
VARYING = [
    (re.compile(r"127(\\)?\.0(\\)?\.0(\\)?\.1:\d+"), "ADDRESS"),
    (re.compile(r"PID: \d+"), "PID"),
    (re.compile(r"/\S+/yrd[^/]+"), "HOME"),
]


def said(done: subprocess.CompletedProcess[str]) -> tuple[int, list[str], bool]:
    """Give a command's exit code, its lines without what varies, and whether it names the port."""
    text = done.stdout + done.stderr
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    lines = [line for line in text.splitlines() if line.startswith(("[INFO]", "[ERROR]"))]
    return done.returncode, lines, IN_USE in text


def test_both_start_and_stop_alike(
    fake_sdk: Callable[..., SdkProcess], real_sdk: Callable[..., SdkProcess]
) -> None:
    """A second start at an address fails, a second stop finds nothing, a third start works."""
    found = []
    for sdk in (fake_sdk, real_sdk):
        with sdk() as process:
            starts = [process.start_worker(0), process.start_worker(0, "other-home")]
            stops = [process.stop_worker(0), process.stop_worker(0)]
            found.append([said(done) for done in (*starts, *stops, process.start_worker(0))])

    fake, real = found
    assert fake == real
    assert [code for code, _lines, _in_use in real] == [1, 1, 0, 1, 0]
