"""Faults of what a cluster meets in: etcd is slow, dead or restarted, or cut off from a worker."""

from __future__ import annotations

from yr_conformance.etcd.server import Etcd
from yr_conformance.faults.pair import LIMIT_S, VALUE, Pair, connect_briefly
from yr_conformance.faults.tcp_proxy import TcpProxy
from yr_conformance.faults.trial import Trial, Trials


def try_etcd(pair: Pair, etcd: Etcd) -> Trials:
    """Make every fault of etcd once; shorter than the time after which workers are given up."""
    trials = Trials()
    trials.make("slow etcd", lambda trial: paused(pair, etcd, trial))
    trials.make("dead etcd", lambda trial: dead(pair, etcd, trial))
    return trials


def try_partition(pair: Pair, proxy: TcpProxy) -> Trials:
    """Cut the joined worker off from where its cluster meets, and heal it."""
    trials = Trials()
    trials.make("partition", lambda trial: cut_off(pair, proxy, trial))
    return trials


def paused(pair: Pair, etcd: Etcd, trial: Trial) -> None:
    """Etcd does not answer for a while."""
    etcd.pause()
    try:
        _work(pair, trial)
    finally:
        etcd.resume()
    trial.mended()
    pair.finish(trial)


def dead(pair: Pair, etcd: Etcd, trial: Trial) -> None:
    """Etcd dies and is started again."""
    etcd.kill()
    try:
        _work(pair, trial)
    finally:
        etcd.restart()
    trial.mended()
    pair.finish(trial)


def cut_off(pair: Pair, proxy: TcpProxy, trial: Trial) -> None:
    """The joined worker cannot reach etcd or the metastore, nor is it told so."""
    before = pair.fresh()
    pair.there.set(before, VALUE)
    proxy.cut()
    try:
        trial.call("get of what is here", LIMIT_S, pair.there.get, [before])
        trial.call("set", LIMIT_S, pair.there.set, pair.fresh(), VALUE)
        trial.call("get of what is not", LIMIT_S, pair.there.get, [pair.fresh()])
        trial.call("set at the other side", LIMIT_S, pair.here.set, pair.fresh(), VALUE)
    finally:
        proxy.heal()
    trial.mended()
    pair.finish(trial)


def _work(pair: Pair, trial: Trial) -> None:
    key = pair.fresh()
    trial.call("set", LIMIT_S, pair.there.set, key, VALUE)
    trial.call("get at the other worker", LIMIT_S, pair.here.get, [key])
    trial.call("delete", LIMIT_S, pair.here.delete, [key])
    trial.call("new client", LIMIT_S, lambda: bool(connect_briefly(pair.joined.port)))
