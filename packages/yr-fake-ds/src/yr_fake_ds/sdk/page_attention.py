"""`PageAttnUtils`: the memory of blocks of paged attention tensors, block by block or by layer.

    layer tensor [blocks, ...]   block b begins at  address + b * bytes of one block

Measured on openyuanrong-datasystem 0.8.1: addresses are computed, not checked, so a block number
beyond the tensor describes memory behind it.
"""

from math import prod
from typing import Any, Final

from yr_fake_ds import device_texts as texts
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.sdk.binding_arguments import (
    INT32,
    PREFIX,
    SIZES,
    UINT32,
    UINT64,
    Signature,
    instance_of,
    list_of,
)
from yr_fake_ds.sdk.binding_blobs import Blob, DeviceBlobList
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.identity import BINDINGS, known_as

DIMENSIONS: Final = range(2, 5)


@known_as(BINDINGS)
class Tensor:
    """Address, bytes per element and shape of a layer; `libds_client_py.Tensor`."""

    _INIT = Signature(
        "__init__", (UINT64, UINT32, SIZES), owner="Tensor", incompatible="constructor"
    )

    def __init__(self, ptr: int, elem_size: int, shape: list[int], /) -> None:
        Tensor._INIT.check(None, ptr, elem_size, shape)
        self._ptr, self._elem_size, self._shape = ptr, elem_size, list(shape)

    def __repr__(self) -> str:
        shape = "".join(f"{size}," for size in self._shape)
        return f"Tensor[ptr:{self._ptr}, elem_size:{self._elem_size}, shape:{shape}]"

    def blob(self, block_id: int) -> Blob:
        """Return the memory of one block; StatusError unless the tensor has 2 to 4 dimensions."""
        if not self._shape:
            raise refuse(texts.LAYER_SHAPE_EMPTY)
        if len(self._shape) not in DIMENSIONS:
            raise refuse(texts.LAYER_SHAPE)
        size = self._elem_size * prod(self._shape[1:])
        return Blob.build(self._ptr + block_id * size, size)


_LISTS: Final = f"Tuple[datasystem::Status, List[{PREFIX}DeviceBlobList]]"
_LAYERS: Final = (INT32, list_of(instance_of("datasystem::Tensor", Tensor)), list_of(UINT32))
_BLOCK: Final = Signature("blk_2_blob", (UINT64, UINT32, UINT32, UINT32), f"{PREFIX}Blob")
_BLOCKS: Final = Signature(
    "blks_2_dev_blob_list",
    (INT32, UINT64, UINT32, UINT32, list_of(UINT32)),
    f"{PREFIX}DeviceBlobList",
)
_BLOCKWISE: Final = Signature("blockwise_dev_blob_lists", _LAYERS, _LISTS)
_LAYERWISE: Final = Signature("layerwise_dev_blob_lists", _LAYERS, _LISTS)


@known_as("yr.datasystem.ds_tensor_client")
class PageAttnUtils:
    """Computes addresses only; called from any thread."""

    @staticmethod
    def blk_2_blob(ptr: int, elem_size: int, num_block_elem: int, block_id: int) -> Blob:
        """Return the memory of one block."""
        _BLOCK.check(None, ptr, elem_size, num_block_elem, block_id)
        size = elem_size * num_block_elem
        return Blob.build(ptr + block_id * size, size)

    @staticmethod
    def blks_2_dev_blob_list(
        device_idx: int, ptr: int, elem_size: int, num_block_elem: int, block_ids: list[int]
    ) -> DeviceBlobList:
        """Return the memory of several blocks of one layer."""
        _BLOCKS.check(None, device_idx, ptr, elem_size, num_block_elem, block_ids)
        blobs = [
            PageAttnUtils.blk_2_blob(ptr, elem_size, num_block_elem, block_id)
            for block_id in block_ids
        ]
        return DeviceBlobList.build(blobs, device_idx, 0)

    @staticmethod
    @sdk_call
    def blockwise_dev_blob_lists(
        device_idx: int, layer_tensors: list[Any], block_ids: list[int]
    ) -> list[DeviceBlobList]:
        """Return one list a block, with a blob for each layer; RuntimeError for a bad shape."""
        _BLOCKWISE.check(None, device_idx, layer_tensors, block_ids)
        return [
            DeviceBlobList.build([layer.blob(block_id) for layer in layer_tensors], device_idx, 0)
            for block_id in block_ids
        ]

    @staticmethod
    @sdk_call
    def layerwise_dev_blob_lists(
        device_idx: int, layer_tensors: list[Any], block_ids: list[int]
    ) -> list[DeviceBlobList]:
        """Return one list a layer, with a blob for each block; RuntimeError for a bad shape."""
        _LAYERWISE.check(None, device_idx, layer_tensors, block_ids)
        return [
            DeviceBlobList.build([layer.blob(block_id) for block_id in block_ids], device_idx, 0)
            for layer in layer_tensors
        ]
