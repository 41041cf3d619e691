"""Questions that end their process, hang, cannot be asked, and one that is answered."""

import os
import threading

from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.errors import UnpreparedError
from yr_conformance.calibration.question import GUESS, STATUS, YES_NO, Status, question


@question("strange.dies", YES_NO, GUESS)
def dies(_cann: Cann) -> bool:
    """Is this process aborted?"""
    os.abort()


@question("strange.hangs", YES_NO, GUESS, limit_s=0.5)
def hangs(_cann: Cann) -> bool:
    """Does this process wait for ever?"""
    return threading.Event().wait()


@question("strange.raises", YES_NO, GUESS)
def raises(_cann: Cann) -> bool:
    """Does this question have a defect?"""
    raise KeyError("defect")


@question("strange.unprepared", YES_NO, GUESS)
def unprepared(_cann: Cann) -> bool:
    """Is there what this one needs?"""
    raise UnpreparedError("no second moon")


@question("strange.reads", YES_NO, GUESS, variables={"STRANGE": "yes"})
def reads(_cann: Cann) -> bool:
    """Is the variable of this question set?"""
    return os.environ["STRANGE"] == "yes"


@question("strange.status", STATUS, GUESS, calibrates=Status("aclrtFree", "freed-twice"))
def fails(_cann: Cann) -> int:
    """Which status is this?"""
    return 107000
