"""Metadata: what travels with an object inside Ray."""

from __future__ import annotations

import pickle
import subprocess
import sys

import torch

from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.specs import TensorSpec

CHECK = """
import pickle, sys
metadata = pickle.loads(sys.stdin.buffer.read())
assert metadata.key == "k", metadata
print(sorted(name for name in ("torch", "yr", "yr.datasystem", "numpy") if name in sys.modules))
"""


def test_metadata_of_one_tensor_is_small() -> None:
    """The metadata of one tensor pickles to less than a kilobyte."""
    metadata = YRTransportMetadata([TensorSpec("float32", (1024, 1024))], "cpu", "k", 4)

    assert len(pickle.dumps(metadata)) < 1000


def test_metadata_of_many_tensors_is_compact() -> None:
    """Equal tensors cost about a byte each."""
    metadata = YRTransportMetadata([TensorSpec("float32", (32, 32))] * 5000, "cpu", "k", 4)

    assert len(pickle.dumps(metadata)) < 6000


def test_metadata_survives_pickling() -> None:
    """Specs, device, key and size come back."""
    specs = [TensorSpec("float32", (2, 3), True), TensorSpec("int8", ()), TensorSpec("int8", ())]

    back = pickle.loads(pickle.dumps(YRTransportMetadata(specs, "cpu", "k", 24)))

    assert (list(back.specs), back.tensor_device, back.key, back.total) == (specs, "cpu", "k", 24)


def test_unpickling_loads_neither_torch_nor_the_sdk() -> None:
    """The owner unpickles it inside a callback that must not fail: nothing heavy is imported."""
    data = pickle.dumps(YRTransportMetadata([TensorSpec("float32", (2,))], "cpu", "k", 8))

    finished = subprocess.run(
        [sys.executable, "-c", CHECK], input=data, capture_output=True, check=True
    )

    assert finished.stdout.decode().strip() == "[]"


def test_an_object_without_a_byte_has_no_key() -> None:
    """Nothing is stored of it."""
    metadata = YRTransportMetadata([])

    assert (metadata.key, metadata.total, metadata.tensor_meta) == ("", 0, [])


def test_ray_reads_shape_and_dtype() -> None:
    """Of each tensor, in torch's own terms."""
    specs = [TensorSpec("float32", (2, 3)), TensorSpec("int8", ()), TensorSpec("float32", (2, 3))]

    one, other = (torch.Size([2, 3]), torch.float32), (torch.Size([]), torch.int8)
    assert YRTransportMetadata(specs).tensor_meta == [one, other, one]
