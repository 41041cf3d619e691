"""Directories that our programs make for a while, and whether anybody still uses them.

    yr-<8 hex digits>   ray_ascend: the home of a datasystem worker
    yrc-<8 characters>  yr-conformance: a test process, or a Ray session
    yrw-<8 characters>  yr-fake-ds: workers of `yr_fake_ds.cluster()`

A name alone proves little, so that three things must hold too: it is a directory of this user,
its content has not changed for a while, and no process works in it, has a file of it open or
mapped, or names it in its command line or environment.
"""

from __future__ import annotations

import os
import pathlib
import re
import stat
import time
from collections.abc import Iterable, Iterator

_NAMES = re.compile(r"(yr-[0-9a-f]{8}|yr[cw]-[a-z0-9_]{8})")
_PROC = pathlib.Path("/proc")


def unused_directories(parents: Iterable[pathlib.Path], age_s: float) -> list[pathlib.Path]:
    """List those of our directories that nobody uses and nobody touched for so many seconds."""
    found = sorted({path for parent in parents for path in _ours(parent) if _age(path) >= age_s})
    used = _used(found)
    return [path for path in found if path not in used]


def _ours(parent: pathlib.Path) -> Iterator[pathlib.Path]:
    for path in parent.iterdir() if parent.is_dir() else ():
        if _NAMES.fullmatch(path.name):
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                yield path


def _age(path: pathlib.Path) -> float:
    """Give the seconds since something in it was made, removed or written, two levels deep."""
    newest = path.lstat().st_mtime
    for one in (*path.glob("*"), *path.glob("*/*")):
        try:
            newest = max(newest, one.lstat().st_mtime)
        except FileNotFoundError:
            newest = time.time()
    return time.time() - newest


def _used(paths: list[pathlib.Path]) -> set[pathlib.Path]:
    wanted = {os.fsencode(path): path for path in paths}
    used: set[pathlib.Path] = set()
    for process in _PROC.iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid() and wanted:
            traces = b"\n".join(_traces(process))
            used.update(path for name, path in wanted.items() if name in traces)
    return used


def _traces(process: pathlib.Path) -> Iterator[bytes]:
    for name in ("cmdline", "environ", "maps"):
        try:
            yield (process / name).read_bytes()
        except OSError:
            continue
    links = [process / "cwd", process / "root", process / "exe"]
    try:
        links += (process / "fd").iterdir()
    except OSError:
        links += []
    for link in links:
        try:
            yield os.fsencode(os.readlink(link))
        except OSError:
            continue
