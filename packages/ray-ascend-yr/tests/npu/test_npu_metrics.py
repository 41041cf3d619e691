"""Metrics of NPU tensors, which are counted by the kind of device at their source."""

from __future__ import annotations

import uuid

import pytest
import torch
from metric_records import recorded
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport


@pytest.mark.datasystem
@pytest.mark.usefixtures("peers")
def test_npu_objects_are_counted_as_such() -> None:
    """Stored, received and freed once, whatever is copied on the way."""
    transport, obj_id = YRTensorTransport(), uuid.uuid4().hex
    with recorded() as records:
        tensors = [torch.ones(100, device="npu")]
        metadata = transport.extract_tensor_transport_metadata(obj_id, tensors)
        transport.recv_multiple_tensors(obj_id, metadata, CommunicatorMetadata())
        transport.garbage_collect(obj_id, metadata, tensors)

    assert records.totals() == {
        f"ascend_{metric}_total {phase} npu": value
        for metric, value in (("transfers", 1), ("transfer_bytes", 400))
        for phase in ("store", "receive", "free")
    }
