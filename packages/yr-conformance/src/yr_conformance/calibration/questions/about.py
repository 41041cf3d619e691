"""What a record says of the machine; not in the table, since other answers are no difference."""

from __future__ import annotations

import ctypes

from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.question import DOCUMENTED, NUMBER, TEXT, question


@question("about.npus", NUMBER, DOCUMENTED)
def npus(cann: Cann) -> int:
    """How many NPUs does CANN count?"""
    return cann.count()


@question("about.chip", TEXT, DOCUMENTED)
def chip(cann: Cann) -> str:
    """Which chip does aclrtGetSocName name?"""
    name = cann.function("aclrtGetSocName")
    name.restype = ctypes.c_char_p
    cann.open()
    return (name() or b"").decode()


@question("about.cann", TEXT, DOCUMENTED)
def version(cann: Cann) -> str:
    """Which version does aclsysGetCANNVersion give?"""
    # aclCANNPackageVersion begins with the whole version, and is smaller than this.
    whole = ctypes.create_string_buffer(4096)
    cann.must("aclsysGetCANNVersion", 0, whole)
    return whole.value.decode()
