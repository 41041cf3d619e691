"""One turn: a contender does one work once, between the actors of its stage."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psutil
import ray
import torch

from bench import payload
from bench.cast import Cast
from bench.contenders import Contender
from bench.errors import CannotRunError
from bench.peers import Peer, measured
from bench.registration import register
from bench.works import Work

_PATIENCE_S: Final = 100.0
_SETTLE_S: Final = 0.03
"""After a turn, in which Ray frees what was transferred: it is not in the next one's time."""
_CHECKED: Final = ("actor", "driver", "put")
_COPIES_OF_A_TRANSFER: Final = 4
"""At most: the source's, one on the way, the receiver's, and what a serializer has."""
_COPIES_AT_MOST: Final = {"memory": 10, "flight": 100, "fan": 10}
_IN_FLIGHT: Final = 50
_SUBMISSIONS: Final = 100


class Turns:
    """The contenders of a stage, in the stage's driver."""

    def __init__(self) -> None:
        self._cast = Cast()
        self._ready: set[tuple[str, ...]] = set()
        self._copied = Peer()
        self._mode = ""
        self._memory_before: dict[str, int] = {}
        self._warm = torch.empty(0)
        self._kinds: dict[str, Callable[[Contender, Work], float]] = {
            "actor": self._to_actor,
            "driver": self._to_driver,
            "read": self._to_reader,
            "fan": self._to_many,
            "flight": self._in_flight,
            "target": self._into_targets,
            "submit": self._submissions,
            "put": self._put,
            "get": self._get,
            "memory": self._held_memory,
        }

    def take(self, contender: Contender, work: Work) -> float:
        """Give the figure of one turn; CannotRunError with the reason where there is none."""
        _check_memory(work)
        if contender.is_copy:
            return self._copy(contender, work)
        self._prepare(contender)
        self._check_once(contender, work)
        try:
            figure = self._kinds[work.kind](contender, work)
        except ray.exceptions.RayActorError as error:
            self._begin_anew()
            raise CannotRunError(f"an actor died: {str(error).splitlines()[0]}") from error
        time.sleep(_SETTLE_S)
        return figure

    def _begin_anew(self) -> None:
        """Give up all actors: one that has died would fail whatever comes next, too."""
        self._cast.dismiss()
        self._cast, self._mode = Cast(), ""
        self._ready.clear()
        self._memory_before.clear()

    def processes(self, contender: Contender) -> dict[str, int]:
        """Give the ids of the processes that a contender's transfers are between."""
        self._prepare(contender)
        (receiver,) = self._cast.receivers(contender)
        source = self._cast.source(contender)
        pids = _answer([source.process_id.remote(), receiver.process_id.remote()])
        return {"source": pids[0], "receiver": pids[1], "driver": os.getpid()}

    def repeat(self, contender: Contender, work: Work, seconds: float) -> int:
        """Transfer for so long, one after the other; give how often."""
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self._kinds[work.kind](contender, work)
            number += 1
        return number

    def leave(self) -> None:
        """Give back what a work has taken."""
        self._warm = torch.empty(0)
        self._copied.forget()
        self._cast.forget()

    def _prepare(self, contender: Contender) -> None:
        if contender.receive != self._mode:
            # One driver receives for both modes, in turns.
            register(contender)
            self._mode = contender.receive
        if (contender.name,) in self._ready:
            return
        register(contender)
        source, receivers = self._cast.source(contender), self._cast.receivers(contender)
        if contender.transport == "GLOO":
            from ray.experimental.collective import create_collective_group

            create_collective_group([source, *receivers], backend="torch_gloo")
        self._ready.add((contender.name,))

    def _make(self, contender: Contender, work: Work) -> Callable[[], Any]:
        method = self._cast.source(contender).make
        if contender.transport is not None:
            method = method.options(tensor_transport=contender.transport)
        is_numpy = contender.is_numpy
        return lambda: method.remote(work.count, work.elements, is_numpy=is_numpy)

    def _check_once(self, contender: Contender, work: Work) -> None:
        """Compare every value, once; also makes the tensors, so that no turn does."""
        if work.kind not in _CHECKED or (contender.name, work.name) in self._ready:
            return
        (receiver,) = self._cast.receivers(contender)
        arrived = receiver.check.remote(self._make(contender, work)(), work.count, work.elements)
        if not _answer(arrived) and not contender.moves_nothing:
            raise CannotRunError("other values arrive than were sent")
        self._ready.add((contender.name, work.name))

    def _to_actor(self, contender: Contender, work: Work) -> float:
        (receiver,) = self._cast.receivers(contender)
        make = self._make(contender, work)
        return _milliseconds(lambda: receiver.read_little.remote(make()))

    def _to_reader(self, contender: Contender, work: Work) -> float:
        (receiver,) = self._cast.receivers(contender)
        make = self._make(contender, work)
        return _milliseconds(lambda: receiver.read_all.remote(make()))

    def _to_driver(self, contender: Contender, work: Work) -> float:
        if contender.transport == "GLOO":
            raise CannotRunError("the driver is in no collective group: GLOO is between actors")
        make = self._make(contender, work)
        return measured(lambda: payload.read_little(_answer(make())), stall=False)[0]

    def _to_many(self, contender: Contender, work: Work) -> float:
        receivers, make = self._many(contender), self._make(contender, work)

        def transfer() -> list[Any]:
            reference = make()
            return [one.read_little.remote(reference) for one in receivers]

        return _milliseconds(transfer)

    def _in_flight(self, contender: Contender, work: Work) -> float:
        (receiver,) = self._cast.receivers(contender)
        make = self._make(contender, work)
        return _milliseconds(
            lambda: [receiver.read_little.remote(make()) for _ in range(_IN_FLIGHT)]
        )

    def _into_targets(self, contender: Contender, work: Work) -> float:
        if contender.transport is None or contender.transport == "GLOO":
            raise CannotRunError("Ray lets the driver name targets for one-sided transports only")
        if contender.stage == "published":
            raise CannotRunError("it takes targets and does not fill them")
        from ray.experimental import set_target_for_ref

        targets = [torch.zeros(work.elements) for _ in range(work.count)]
        make = self._make(contender, work)

        def transfer() -> Any:
            reference = make()
            set_target_for_ref(reference, targets)
            return _answer(reference)

        taken, received = measured(transfer, stall=False)
        if received[0].data_ptr() != targets[0].data_ptr():
            raise CannotRunError("other tensors are returned than the targets")
        if not contender.moves_nothing and not payload.has_arrived(
            targets, work.count, work.elements
        ):
            raise CannotRunError("the targets have other values than were sent")
        return taken

    def _submissions(self, contender: Contender, work: Work) -> float:
        make = self._make(contender, work)
        taken, references = measured(lambda: [make() for _ in range(_SUBMISSIONS)], stall=False)
        ray.wait(references, num_returns=_SUBMISSIONS, timeout=_PATIENCE_S, fetch_local=False)
        return taken

    def _put(self, contender: Contender, work: Work) -> float:
        _refuse_two_sided(contender)
        size = (work.count, work.elements)
        source = self._cast.source(contender)
        taken, _ = _answer(source.put.remote(contender, size, stall=work.stall, keep=False))
        return float(taken)

    def _get(self, contender: Contender, work: Work) -> float:
        _refuse_two_sided(contender)
        source, (receiver,) = self._cast.source(contender), self._cast.receivers(contender)
        size = (work.count, work.elements)
        _, kept = _answer(source.put.remote(contender, size, stall=False, keep=True))
        try:
            return float(_answer(receiver.get.remote(contender, kept, stall=work.stall)))
        finally:
            _answer(source.free.remote(contender, kept))

    def _held_memory(self, contender: Contender, work: Work) -> float:
        receivers = self._many(contender)
        # A process keeps what it has mapped, so only the first time tells what that takes.
        before = self._memory_before.setdefault(contender.name, _memory_of(receivers))
        reference = self._make(contender, work)()
        _answer([one.hold.remote(reference) for one in receivers])
        taken = (_memory_of(receivers) - before) / work.size
        _answer([one.forget.remote() for one in receivers])
        return taken

    def _many(self, contender: Contender) -> list[Any]:
        if contender.transport == "GLOO":
            raise CannotRunError("one object of GLOO goes to one actor of its group at a time")
        return self._cast.many(contender)

    def _copy(self, contender: Contender, work: Work) -> float:
        source = self._copied.make(work.count, work.elements)
        if contender.is_copy == "fresh":
            return measured(lambda: _copy_all(source, None), stall=work.stall)[0]
        if work.stall:
            raise CannotRunError("as into fresh memory, without the page faults")
        if self._warm.numel() != work.count * work.elements:
            self._warm = torch.zeros(work.count * work.elements)
        return measured(lambda: _copy_all(source, self._warm), stall=False)[0]


def _check_memory(work: Work) -> None:
    """Refuse what would take the memory of everybody on the machine."""
    copies = _COPIES_AT_MOST.get(work.kind, _COPIES_OF_A_TRANSFER)
    needed, there = copies * work.size, psutil.virtual_memory().available
    if there < needed:
        raise CannotRunError(
            f"needs {needed / 2**30:.1f} GiB of memory, and {there / 2**30:.1f} are available"
        )


def _copy_all(source: Sequence[torch.Tensor], warm: torch.Tensor | None) -> None:
    size = source[0].numel()
    place = torch.empty(len(source) * size) if warm is None else warm
    for index, tensor in enumerate(source):
        place[index * size : (index + 1) * size].copy_(tensor)


def _refuse_two_sided(contender: Contender) -> None:
    if contender.transport == "GLOO":
        raise CannotRunError("both sides of GLOO work at the same time: neither is alone")


def _memory_of(actors: Sequence[Any]) -> int:
    return sum(_answer([one.proportional_bytes.remote() for one in actors]))


def _milliseconds(transfer: Callable[[], Any]) -> float:
    return measured(lambda: _answer(transfer()), stall=False)[0]


def _answer(references: Any) -> Any:
    try:
        return ray.get(references, timeout=_PATIENCE_S)
    except ray.exceptions.GetTimeoutError as error:
        raise CannotRunError(f"no answer in {_PATIENCE_S:.0f} s") from error
