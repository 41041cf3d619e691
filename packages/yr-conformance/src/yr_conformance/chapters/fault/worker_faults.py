"""Faults of workers, at every moment of a transfer: before, during and after it.

The joined worker is the victim, whose client is `there`; the head's client is `here`.
"""

from __future__ import annotations

import os
import signal

from yr_conformance.datasystem.statuses import told
from yr_conformance.fair_time import Elapsed, Stopwatch
from yr_conformance.faults.pair import LIMIT_S, VALUE, Pair, connect_briefly
from yr_conformance.faults.trial import Trial, Trials
from yr_conformance.living import freeze
from yr_conformance.waiting import PATIENCE_S, wait_until

WAIT_S = 3.0
MAX_PUTS = 1000


def try_all(pair: Pair) -> Trials:
    """Make every fault once."""
    trials = Trials()
    for experiment in (
        killed_before_put,
        killed_during_put,
        killed_after_put,
        killed_before_get,
        killed_during_get,
        killed_before_delete,
        frozen,
        head_lost,
    ):
        name = experiment.__name__.replace("_", " ")
        trials.make(name, lambda trial, run=experiment: run(pair, trial))  # type: ignore[misc]
        _mend(pair)
    return trials


def killed_before_put(pair: Pair, trial: Trial) -> None:
    """The worker of the sender dies before it puts."""
    pair.joined.kill()
    trial.call("set", LIMIT_S, pair.there.set, pair.fresh(), VALUE)
    _restart(pair, trial)


def killed_during_put(pair: Pair, trial: Trial) -> None:
    """The worker of the sender dies while it puts one value after the other."""
    prefix = pair.fresh()
    names = [pair.keys(f"{prefix}-{number}") for number in range(MAX_PUTS)]
    putting = pair.elsewhere.begin(put_until_it_fails, pair.joined.port, names)
    wait_until(lambda: pair.here.exist(names[3:4]) == [True], "some values are there")
    pair.joined.kill()
    error, took = putting.result(PATIENCE_S)
    trial.note("set", error, took, LIMIT_S)
    _restart(pair, trial)


def killed_after_put(pair: Pair, trial: Trial) -> None:
    """The worker of the sender dies after it put; the receiver gets."""
    key = pair.fresh()
    pair.there.set(key, VALUE)
    pair.joined.kill()
    trial.call("get", LIMIT_S, pair.here.get, [key])
    trial.call("exist", LIMIT_S, pair.here.exist, [key])
    trial.call("set of another", LIMIT_S, pair.here.set, pair.fresh(), VALUE)
    _restart(pair, trial)


def killed_before_get(pair: Pair, trial: Trial) -> None:
    """The worker of the receiver dies before it gets."""
    key = pair.fresh()
    pair.here.set(key, VALUE)
    pair.joined.kill()
    trial.call("get", LIMIT_S, pair.there.get, [key])
    _restart(pair, trial)


def killed_during_get(pair: Pair, trial: Trial) -> None:
    """The worker of the receiver dies while it waits for a value."""
    waiting = pair.elsewhere.begin(wait_in_vain, pair.joined.port, pair.fresh(), pair.fresh())
    wait_until(lambda: pair.here.exist([pair.keys.made[-1]]) == [True], "it waits")
    pair.joined.kill()
    error, took = waiting.result(PATIENCE_S)
    trial.note("waiting get", error, took, max(WAIT_S, LIMIT_S))
    _restart(pair, trial)


def killed_before_delete(pair: Pair, trial: Trial) -> None:
    """The worker that has the value dies before it is deleted, as garbage collection does."""
    key = pair.fresh()
    pair.there.set(key, VALUE)
    pair.joined.kill()
    trial.call("delete by its own client", LIMIT_S, pair.there.delete, [key])
    trial.call("delete by the other", LIMIT_S, pair.here.delete, [key])
    _restart(pair, trial)


def frozen(pair: Pair, trial: Trial) -> None:
    """The worker that has the value stops answering for a while."""
    key = pair.fresh()
    pair.there.set(key, VALUE)
    freeze(pair.joined.pid)
    trial.call("get", LIMIT_S, pair.here.get, [key])
    trial.call("set at the frozen one", LIMIT_S, pair.there.set, pair.fresh(), VALUE)
    os.kill(pair.joined.pid, signal.SIGCONT)
    trial.mended()
    pair.finish(trial)


def head_lost(pair: Pair, trial: Trial) -> None:
    """The first worker, which has the metadata, dies."""
    key = pair.fresh()
    pair.there.set(key, VALUE)
    pair.head.kill()
    trial.call("get of what is here", LIMIT_S, pair.there.get, [key])
    trial.call("set", LIMIT_S, pair.there.set, pair.fresh(), VALUE)
    trial.call("get of what is not", LIMIT_S, pair.there.get, [pair.fresh()])
    trial.call("delete", LIMIT_S, pair.there.delete, [key])
    pair.head.start()
    trial.mended()
    pair.finish(trial)


def put_until_it_fails(port: int, keys: list[str]) -> tuple[str, Elapsed]:
    """Put values until one fails; its error and how long that took. Runs in another process."""
    client = connect_briefly(port)
    for key in keys:
        watch = Stopwatch()
        answer = told(client.set, key, VALUE)
        if answer is not None:
            return str(answer), watch.read()
    return "", Elapsed()


def wait_in_vain(port: int, key: str, sign: str) -> tuple[str, Elapsed]:
    """Set a sign and wait for a value that does not come; runs in another process."""
    client = connect_briefly(port)
    client.set(sign, b"1")
    watch = Stopwatch()
    answer = told(client.get, [key], False, int(WAIT_S * 1000))
    return str(answer), watch.read()


def _restart(pair: Pair, trial: Trial) -> None:
    pair.joined.start()
    trial.mended()
    pair.finish(trial)


def _mend(pair: Pair) -> None:
    """Leave a working pair to the next trial, whatever became of this one."""
    for worker in (pair.head, pair.joined):
        if not worker.alive:
            worker.start()
