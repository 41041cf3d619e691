"""Trace ids: what the datasystem logs for an object names the task that made it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
import torch
from conftest import Sandbox
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport
from ray_ascend.errors import ObjectLostError
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.store.discovery import find_worker
from ray_ascend.store.sdk import sdk_module
from ray_ascend.store.trace import Trace, trace_id_of

OBJECT = "7d3c5f04a1b26e98" + "c9a8b7d6e5f40312" + "00112233" + "01000000" + "02000000"
TRACE = "7d3c5f04a1b26e98-01000000-02000000"
NOBODY = CommunicatorMetadata()
UNTRACED = """
from ray_ascend.store.sdk import sdk_module
from ray_ascend.store.trace import Trace
sdk_module().Context.set_trace_id = None
with Trace("7d3c5f04a1b26e98"):
    pass
"""


def test_a_trace_id_has_the_digits_of_the_task_the_job_and_the_index() -> None:
    """Whoever has the id of a task or of an object finds it in a log by its first digits."""
    assert trace_id_of(OBJECT) == TRACE


@pytest.mark.parametrize("object_id", ["", "a b.c/d", "x" * 300, "é" * 56])
def test_every_object_id_gives_a_trace_id_that_the_sdk_takes(object_id: str) -> None:
    """Whatever Ray calls an object, setting its trace id does not raise."""
    with Trace(object_id):
        pass

    assert len(trace_id_of(object_id)) < 36


@pytest.mark.datasystem
def test_the_error_of_a_lost_object_has_its_trace_id(registered: Sandbox) -> None:
    """The text of the datasystem in a receiver's error names the object's task."""
    transport = YRTensorTransport()
    metadata = transport.extract_tensor_transport_metadata(OBJECT, [torch.ones(3)])
    assert isinstance(metadata, YRTransportMetadata)
    transport.garbage_collect(OBJECT, metadata)

    with pytest.raises(ObjectLostError, match=f"traceId: {TRACE};[0-9a-f]{{12}}"):
        transport.recv_multiple_tensors(OBJECT, metadata, NOBODY)


@pytest.mark.datasystem
def test_a_thread_has_no_trace_id_after_a_transfer(registered: Sandbox) -> None:
    """What the user's own code asks of the datasystem later is not logged under an object."""
    transport = YRTensorTransport()
    metadata = transport.extract_tensor_transport_metadata(OBJECT, [torch.ones(3)])
    transport.recv_multiple_tensors(OBJECT, metadata, NOBODY)
    transport.garbage_collect(OBJECT, metadata)

    endpoint = find_worker()
    client = sdk_module().KVClient(endpoint.host, endpoint.port)
    client.init()
    with pytest.raises(RuntimeError) as caught:
        client.get(["missing"])

    assert TRACE not in str(caught.value)


@pytest.mark.datasystem
def test_a_trace_id_is_of_one_thread(registered: Sandbox) -> None:
    """A transfer does not name what other threads of the process ask meanwhile."""
    endpoint = find_worker()
    client = sdk_module().KVClient(endpoint.host, endpoint.port)
    client.init()
    texts: list[str] = []

    def ask() -> None:
        with pytest.raises(RuntimeError) as caught:
            client.get(["missing"])
        texts.append(str(caught.value))

    with Trace(OBJECT):
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        ask()

    assert [TRACE in text for text in texts] == [False, True]


def test_a_process_can_leave_trace_ids_alone() -> None:
    """With RAY_ASCEND_TRACE=0 the SDK's trace id stays as the user has set it."""
    environment = {**os.environ, "RAY_ASCEND_TRACE": "0"}

    command = [sys.executable, "-c", UNTRACED]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
