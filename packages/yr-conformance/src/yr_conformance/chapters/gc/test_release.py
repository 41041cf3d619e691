"""GC-KEY and GC-SRC: the data of an object go when its last reference goes, and not before."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import ray
from ray.experimental import wait_tensor_freed

from yr_conformance.transfer.actor_memory import (
    forget,
    is_alive,
    keep,
    keep_new,
    make_watched,
    recall,
)
from yr_conformance.transfer.call_journal import DELETES, Call, calls_for_new_objects
from yr_conformance.transfer.clauses import MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.payloads import give, many, ramp
from yr_conformance.transfer.peer import TRANSPORT, observed, wait_for_file
from yr_conformance.waiting import wait_until

DROPPED = 200


@clause("GC-KEY-01", MUST, source="Ray RDT: test_gc_rdt_object")
def test_a_key_goes_with_the_last_reference(sender: Any, keys: KeyWatch) -> None:
    """The key of an object is gone after its last reference was dropped."""
    keys.start(sender)
    reference = sender.make.remote(ramp, 10)
    ray.wait([reference])
    keys.exist_of(sender)

    del reference

    keys.vanish()


@clause("GC-KEY-02", MUST, source="Ray RDT: garbage_collect is called once per object")
def test_each_key_is_deleted_exactly_once(sender: Any, receiver: Any, keys: KeyWatch) -> None:
    """Every key that an actor created it deletes exactly once; it asks again if that is refused."""
    keys.start(sender)
    references = [sender.make.remote(ramp, n + 1) for n in range(20)]
    ray.get([receiver.apply.remote(fingerprint, reference) for reference in references])
    created = keys.exist_of(sender)

    del references
    keys.vanish()

    deletes = _deletes(sender)
    deleted = [key for call in deletes for key in call.keys if key not in call.refused]
    assert sorted(deleted) == sorted(created), deletes


@clause("GC-KEY-03", MUST, source="Ray RDT: test_gc_del_ref_before_recv_finish")
def test_a_reference_dropped_before_it_is_received(
    sender: Any, receiver: Any, keys: KeyWatch, tmp_path: pathlib.Path
) -> None:
    """A reference dropped right after it was passed on still arrives, and then its key goes."""
    gate = tmp_path / "gate"
    keys.start(sender)
    busy = receiver.apply.remote(wait_for_file, str(gate))
    passed = receiver.apply.remote(fingerprint, sender.make.remote(ramp, 12))

    gate.touch()

    assert ray.get([busy, passed]) == [True, fingerprint(ramp(12))]
    keys.note(sender)
    keys.vanish()


@clause("GC-KEY-04", MUST, source="Ray RDT: test_gc_intra_actor_rdt_object")
def test_an_object_used_by_its_own_actor(sender: Any, keys: KeyWatch) -> None:
    """The key of an object that only its own actor used goes with its reference."""
    keys.start(sender)
    reference = sender.make.remote(ramp, 14)
    ray.get(sender.apply.remote(fingerprint, reference))
    keys.exist_of(sender)

    del reference

    keys.vanish()


@clause("GC-KEY-05", MUST, source="Ray RDT: two objects with one tensor")
def test_two_objects_with_one_tensor(sender: Any, receiver: Any, keys: KeyWatch) -> None:
    """Of two objects made of one tensor, dropping one leaves the other complete."""
    ray.get(sender.apply.remote(keep_new, "shared", ramp, 16))
    keys.start(sender)
    first = sender.make.remote(recall, "shared")
    ray.wait([first])
    keys.exist_of(sender)
    second = sender.make.remote(recall, "shared")

    del first
    keys.vanish()

    assert observed(receiver, second) == fingerprint(ramp(16))


@clause("GC-KEY-06", MUST, source="Ray RDT: results that nobody keeps")
def test_results_that_nobody_keeps(sender: Any, keys: KeyWatch) -> None:
    """Results whose references are dropped at once leave no key, however many there are."""
    keys.start(sender)
    for number in range(DROPPED):
        sender.make.remote(ramp, number + 1)

    # A put that had to be tried again used a new key.
    assert len(keys.note(sender)) >= DROPPED

    keys.vanish()


@clause("GC-KEY-07", MUST, source="Ray RDT: test_put_gc")
def test_objects_put_by_an_actor(sender: Any, keys: KeyWatch) -> None:
    """The key of an object that an actor put goes when the actor drops the reference."""
    keys.start(sender)
    ray.get(sender.apply.remote(_put_and_keep, "put"))
    keys.exist_of(sender)

    ray.get(sender.apply.remote(forget, "put"))

    keys.vanish()


@clause("GC-KEY-08", MUST, source="Ray 2.59: driver-side ray.put(_tensor_transport=)")
def test_objects_put_by_the_driver(
    ray_version: tuple[int, ...], receiver: Any, keys: KeyWatch
) -> None:
    """The key of an object that the driver put goes with its reference (Ray 2.59 and newer)."""
    if ray_version < (2, 59):
        with pytest.raises(RuntimeError, match="only available in an actor"):
            ray.put(ramp(4), _tensor_transport=TRANSPORT)
        return
    keys.start_here()
    reference = ray.put(ramp(18), _tensor_transport=TRANSPORT)
    seen = observed(receiver, reference)
    keys.exist_here()

    del reference

    assert seen == fingerprint(ramp(18))
    keys.vanish()


@clause("GC-KEY-09", MUST, source="Ray: an object lives as long as any reference")
def test_a_key_stays_while_a_reference_lives(sender: Any, receiver: Any, keys: KeyWatch) -> None:
    """While another actor keeps a reference, the object can be fetched; then its key goes."""
    keys.start(sender)
    reference = sender.make.remote(ramp, 22)
    ray.get(reference)
    ray.get(receiver.apply.remote(keep, "borrowed", [reference]))
    keys.exist_of(sender)

    del reference

    assert ray.get(receiver.apply.remote(_get_kept, "borrowed")) == fingerprint(ramp(22))
    ray.get(receiver.apply.remote(forget, "borrowed"))
    keys.vanish()


@clause("GC-KEY-10", MUST, source="Ray: references are independent")
def test_objects_go_in_any_order(sender: Any, receiver: Any, keys: KeyWatch) -> None:
    """Dropping some of several objects, in any order, leaves the others complete."""
    keys.start(sender)
    references = {n: sender.make.remote(ramp, n) for n in range(1, 9)}
    ray.wait(list(references.values()), num_returns=8)
    created = keys.note(sender)

    for number in (3, 8, 1, 6):
        del references[number]
    keys.vanish([created[number - 1] for number in (3, 8, 1, 6)])

    seen = observed(receiver, *references.values())
    assert seen == [fingerprint(ramp(n)) for n in references]


@clause("GC-KEY-11", MUST, source="design: keys are unique per attempt and never re-published")
def test_no_key_is_used_twice(sender: Any, keys: KeyWatch) -> None:
    """Every object has a key of its own, even when it holds the same tensor again."""
    ray.get(sender.apply.remote(keep_new, "again", ramp, 5))
    keys.start(sender)
    for _ in range(30):
        ray.get(sender.make.remote(recall, "again"))

    created = keys.note(sender)

    assert len(set(created)) == len(created) == 30


@clause("GC-KEY-12", MUST, source="Ray RDT 2.56: a retried task is extracted again")
def test_a_retried_task_leaves_no_key(sender: Any, keys: KeyWatch, tmp_path: pathlib.Path) -> None:
    """The keys of a task that failed, was retried and succeeded all go with its reference."""
    keys.start(sender)
    retrying = sender.make.options(max_task_retries=2, retry_exceptions=True)
    reference = retrying.remote(_fail_once, str(tmp_path / "attempted"))
    received = ray.get(reference)
    keys.exist_of(sender)

    del reference

    assert fingerprint(received) == fingerprint(ramp(24))
    keys.vanish()


@clause("GC-KEY-13", MUST, source="Ray RDT: gc runs on a thread of its own")
def test_a_busy_source_still_frees(sender: Any, keys: KeyWatch, tmp_path: pathlib.Path) -> None:
    """A key goes while the actor that made it is busy with another task."""
    gate = tmp_path / "gate"
    keys.start(sender)
    reference = sender.make.remote(ramp, 26)
    ray.wait([reference])
    keys.exist_of(sender)
    busy = sender.apply.remote(wait_for_file, str(gate))

    del reference
    keys.vanish()
    gate.touch()

    assert ray.get(busy), "the key went only after the task"


@clause("GC-KEY-14", MUST, source="design: a chain makes an object at each step")
def test_every_object_of_a_chain_goes(
    sender: Any, receiver: Any, third: Any, keys: KeyWatch
) -> None:
    """The keys of all objects along a chain of actors go with their references."""
    keys.start(sender)
    keys.start(receiver)
    seen = observed(third, receiver.make.remote(give, sender.make.remote(many, 3)))

    assert len(keys.note(sender) + keys.note(receiver)) == 2
    assert seen == fingerprint(many(3))
    keys.vanish()


@clause("GC-SRC-01", MUST, source="Ray RDT: the source's store holds the tensor until it is freed")
def test_the_source_lets_go_of_the_tensor(sender: Any) -> None:
    """The tensor itself is freed in the source's process after the last reference was dropped."""
    reference = sender.make.remote(make_watched, "watched", 30)
    ray.get(reference)
    assert ray.get(sender.apply.remote(is_alive, "watched"))

    del reference

    wait_until(_is_gone(sender, "watched"), "the source's tensor is freed")


@clause("GC-SRC-02", MUST, source="Ray RDT: wait_tensor_freed")
def test_wait_tensor_freed(sender: Any, tmp_path: pathlib.Path) -> None:
    """`wait_tensor_freed` times out while a reference lives and returns once it is dropped."""
    ray.get(sender.apply.remote(keep_new, "waited", ramp, 6))
    reference = sender.make.remote(recall, "waited")
    ray.wait([reference])
    assert not ray.get(sender.apply.remote(_is_freed, "waited", 0.1))

    del reference

    assert ray.get(sender.apply.remote(_is_freed, "waited", 20.0))


def _deletes(actor: Any) -> list[Call]:
    calls = ray.get(actor.apply.remote(calls_for_new_objects))
    return [call for call in calls if call.name in DELETES]


def _is_gone(actor: Any, name: str) -> Callable[[], bool]:
    return lambda: not ray.get(actor.apply.remote(is_alive, name))


def _put_and_keep(name: str) -> None:
    keep(name, ray.put(ramp(18), _tensor_transport=TRANSPORT))


def _get_kept(name: str) -> Any:
    return fingerprint(ray.get(recall(name)[0]))


def _fail_once(marker: str) -> Any:
    path = pathlib.Path(marker)
    if not path.exists():
        path.touch()
        raise RuntimeError("first attempt")
    return ramp(24)


def _is_freed(name: str, seconds: float) -> bool:
    try:
        wait_tensor_freed(recall(name), seconds)
    except TimeoutError:
        return False
    return True
