"""`PageAttnUtils`: blob lists of paged attention tensors; part of the device calls, refused."""

from typing import Any, NoReturn

from yr_fake_ds.errors import NotSupportedError

REASON = "blocks of paged attention live in device memory, which is not emulated"


class PageAttnUtils:
    """Every call raises NotSupportedError."""

    # ruff: noqa: ARG004 - the SDK's signatures
    @staticmethod
    def blk_2_blob(ptr: int, elem_size: int, num_block_elem: int, block_id: int) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("PageAttnUtils.blk_2_blob", REASON)

    @staticmethod
    def blks_2_dev_blob_list(
        device_idx: int, ptr: int, elem_size: int, num_block_elem: int, block_ids: list[int]
    ) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("PageAttnUtils.blks_2_dev_blob_list", REASON)

    @staticmethod
    def blockwise_dev_blob_lists(
        device_idx: int, layer_tensors: list[Any], block_ids: list[int]
    ) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("PageAttnUtils.blockwise_dev_blob_lists", REASON)

    @staticmethod
    def layerwise_dev_blob_lists(
        device_idx: int, layer_tensors: list[Any], block_ids: list[int]
    ) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("PageAttnUtils.layerwise_dev_blob_lists", REASON)
