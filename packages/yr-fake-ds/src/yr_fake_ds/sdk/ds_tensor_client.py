"""`DsTensorClient`: tensors in device memory, described as blobs for `HeteroClient`.

Needs torch when imported, as the real one does.
"""

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from yr_fake_ds import texts
from yr_fake_ds.sdk.binding_blobs import DeviceBlobList as BindingBlobList
from yr_fake_ds.sdk.device_blobs import Blob, DeviceBlobList
from yr_fake_ds.sdk.enums import WriteMode
from yr_fake_ds.sdk.futures import Future
from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.page_attention import PageAttnUtils
from yr_fake_ds.sdk.page_attention import Tensor as Layer
from yr_fake_ds.sdk.parameters import SetParam
from yr_fake_ds.sdk.validator import Validator

try:
    from torch import Tensor
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(texts.TORCH_MISSING) from error

DEVICE_TYPES: Final = ("Ascend", "npu")


@known_as("yr.datasystem.ds_tensor_client")
@dataclass
class CopyRange:
    """A piece of a stored value and where it goes, in bytes."""

    src_offset: int
    dst_offset: int
    length: int


@known_as("yr.datasystem.ds_tensor_client")
class DsTensorClient:
    """A client for tensors of the device `device_id`, whatever the tensors themselves say."""

    def __init__(
        self,
        host: str,
        port: int,
        device_id: int,
        connect_timeout_ms: int = 60000,
        client_public_key: str = "",
        client_private_key: str = "",
        server_public_key: str = "",
        req_timeout_ms: int = 0,
        enable_remote_h2d: bool = False,
    ) -> None:
        Validator.check_args_types(
            [
                ["host", host, str],
                ["port", port, int],
                ["device_id", device_id, int],
                ["connect_timeout_ms", connect_timeout_ms, int],
                ["client_public_key", client_public_key, str],
                ["client_private_key", client_private_key, str],
                ["server_public_key", server_public_key, str],
                ["req_timeout_ms", req_timeout_ms, int],
                ["enable_remote_h2d", enable_remote_h2d, bool],
            ]
        )
        self._hetero_client = HeteroClient(
            host=host,
            port=port,
            connect_timeout_ms=connect_timeout_ms,
            client_public_key=client_public_key,
            client_private_key=client_private_key,
            server_public_key=server_public_key,
            req_timeout_ms=req_timeout_ms,
            enable_remote_h2d=enable_remote_h2d,
        )
        self._device_id = device_id

    def init(self) -> None:
        """Connect to the worker; RuntimeError after `connect_timeout_ms` if none answers."""
        self._hetero_client.init()

    def mset_d2h(
        self,
        keys: list[str],
        tensors: list[Tensor],
        set_param: SetParam = SetParam(),  # noqa: B008 - the SDK's default
    ) -> None:
        """Copy tensors to host values; keys that exist silently keep theirs."""
        self._hetero_client.mset_d2h(keys, self._blob_lists(keys, tensors), set_param)

    def mget_h2d(
        self, keys: list[str], tensors: list[Tensor], sub_timeout_ms: int = 0
    ) -> list[str]:
        """Copy host values into tensors and return the missing keys; raises if all are."""
        lists = self._blob_lists(keys, tensors, sub_timeout_ms)
        return self._hetero_client.mget_h2d(keys, lists, sub_timeout_ms)

    def async_mset_d2h(
        self,
        keys: list[str],
        tensors: list[Tensor],
        set_param: SetParam = SetParam(),  # noqa: B008 - the SDK's default
    ) -> Future:
        """Do the same in the background; the outcome is in the future."""
        return self._hetero_client.async_mset_d2h(keys, self._blob_lists(keys, tensors), set_param)

    def async_mget_h2d(
        self, keys: list[str], tensors: list[Tensor], sub_timeout_ms: int = 0
    ) -> Future:
        """Do the same in the background; the outcome is in the future."""
        lists = self._blob_lists(keys, tensors, sub_timeout_ms)
        return self._hetero_client.async_mget_h2d(keys, lists, sub_timeout_ms)

    def delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> list[str]:
        """Delete host values and return the keys that failed."""
        return self._hetero_client.delete(keys)

    def dev_mset(self, keys: list[str], tensors: list[Tensor]) -> list[str]:
        """Let others read tensors and return the keys that were not taken; nothing is copied."""
        return self._hetero_client.dev_mset(keys, self._blob_lists(keys, tensors))

    def dev_mget(
        self, keys: list[str], tensors: list[Tensor], sub_timeout_ms: int = 0
    ) -> list[str]:
        """Copy what others hold into tensors and return the keys that failed; raises if all did."""
        lists = self._blob_lists(keys, tensors, sub_timeout_ms)
        return self._hetero_client.dev_mget(keys, lists, sub_timeout_ms)

    def dev_mget_into_tensor(
        self,
        keys: list[str],
        tensor: Tensor,
        copy_ranges: list[CopyRange],
        sub_timeout_ms: int = 60000,
    ) -> list[str]:
        """Copy a piece of each key to a place in the tensor; returns the keys that failed."""
        Validator.check_args_types(
            [
                ["keys", keys, list],
                ["tensors", tensor, Tensor],
                ["copy_ranges", copy_ranges, list],
                ["sub_timeout_ms", sub_timeout_ms, int],
            ]
        )
        if len(keys) != len(copy_ranges):
            counts = {"keys": len(keys), "ranges": len(copy_ranges)}
            raise RuntimeError(texts.COPY_RANGES_LENGTH.format(**counts))
        start = _address(tensor)
        lists = [
            DeviceBlobList(
                self._device_id, [Blob(start + part.dst_offset, part.length)], part.src_offset
            )
            for part in copy_ranges
        ]
        return self._hetero_client.dev_mget(keys, lists, sub_timeout_ms)

    def dev_delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> list[str]:
        """Delete device objects and return the keys that failed; missing ones are a success."""
        return self._hetero_client.dev_delete(keys)

    def async_dev_delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> Future:
        """Do the same; the outcome is in the future."""
        return self._hetero_client.async_dev_delete(keys)

    def dev_local_delete(self, keys: list[str]) -> list[str]:
        """Take this client's tensors out of device objects; returns the keys that failed."""
        return self._hetero_client.dev_local_delete(keys)

    def dev_send(self, keys: list[str], tensors: list[Tensor]) -> list[Future]:
        """Offer tensors to one receiver a key; each future ends when its key was received."""
        return self._hetero_client.dev_publish(keys, self._blob_lists(keys, tensors))

    def dev_recv(self, keys: list[str], tensors: list[Tensor]) -> list[Future]:
        """Receive into tensors what is sent now or later; a future a key."""
        return self._hetero_client.dev_subscribe(keys, self._blob_lists(keys, tensors))

    def exist(self, keys: list[str]) -> list[bool]:
        """Return, position by position, whether the keys exist as host values."""
        return self._hetero_client.exist(keys)

    def put_page_attn_layerwise_d2d(
        self, keys: list[str], layer_tensors: list[Tensor], block_ids: list[int]
    ) -> NoReturn:
        """Raise TypeError: broken in openyuanrong-datasystem 0.8.1 on every machine (measured)."""
        self._check_layers(keys, layer_tensors, block_ids)
        raise TypeError(texts.PAGE_ATTENTION_BROKEN)

    def get_page_attn_layerwise_d2d(
        self, keys: list[str], layer_tensors: list[Tensor], block_ids: list[int]
    ) -> NoReturn:
        """Raise TypeError: broken in openyuanrong-datasystem 0.8.1 on every machine (measured)."""
        self._check_layers(keys, layer_tensors, block_ids)
        raise TypeError(texts.PAGE_ATTENTION_BROKEN)

    def mset_page_attn_blockwise_d2h(
        self, keys: list[str], layer_tensors: list[Tensor], block_ids: list[int]
    ) -> Future:
        """Copy blocks of all layers to evictable host values, one a block, in the background."""
        lists = self._block_lists(keys, layer_tensors, block_ids)
        evictable = SetParam()
        evictable.write_mode = WriteMode.NONE_L2_CACHE_EVICT
        return self._hetero_client.async_mset_d2h(keys, lists, evictable)

    def mget_page_attn_blockwise_h2d(
        self,
        keys: list[str],
        layer_tensors: list[Tensor],
        block_ids: list[int],
        sub_timeout_ms: int = 0,
    ) -> Future:
        """Copy host values to blocks of all layers, one a block, in the background."""
        lists = self._block_lists(keys, layer_tensors, block_ids)
        return self._hetero_client.async_mget_h2d(keys, lists, sub_timeout_ms)

    @staticmethod
    def _check_layers(keys: Any, layer_tensors: Any, block_ids: Any) -> None:
        Validator.check_args_types(
            [
                ["keys", keys, list],
                ["layer_tensors", layer_tensors, list],
                ["block_ids", block_ids, list],
            ]
        )
        _check_contiguous(layer_tensors)

    @staticmethod
    def _block_lists(keys: Any, layer_tensors: Any, block_ids: Any) -> list[BindingBlobList]:
        DsTensorClient._check_layers(keys, layer_tensors, block_ids)
        if not layer_tensors:
            raise ValueError(texts.NO_LAYER_TENSOR)
        if not block_ids:
            raise ValueError(texts.NO_BLOCK_ID)
        device = layer_tensors[0].device.index
        layers = [
            Layer(_layer_address(tensor, device), tensor.element_size(), list(tensor.shape))
            for tensor in layer_tensors
        ]
        return PageAttnUtils.blockwise_dev_blob_lists(device, layers, block_ids)

    def _blob_lists(
        self, keys: list[str], tensors: list[Tensor], *sub_timeout_ms: int
    ) -> list[DeviceBlobList]:
        """Check tensors and describe their memory, on the device of the client."""
        rows = [["sub_timeout_ms", timeout_ms, int] for timeout_ms in sub_timeout_ms]
        Validator.check_args_types([["keys", keys, list], ["tensors", tensors, list], *rows])
        _check_contiguous(tensors)
        return [self._blob_list(tensor) for tensor in tensors]

    def _blob_list(self, tensor: Tensor) -> DeviceBlobList:
        blob = Blob(_address(tensor), tensor.nelement() * tensor.element_size())
        return DeviceBlobList(self._device_id, [blob])


def _check_contiguous(tensors: list[Any]) -> None:
    if not all(tensor.is_contiguous() for tensor in tensors):
        raise TypeError(texts.NOT_CONTIGUOUS)


def _check_device(tensor: Any) -> None:
    device_type = tensor.device.type
    if device_type not in DEVICE_TYPES:
        raise ValueError(texts.NOT_AN_NPU_TENSOR.format(device_type=device_type))
    if not tensor.data_ptr():
        raise RuntimeError(texts.NULL_DATA_PTR)


def _layer_address(tensor: Any, device: int) -> int:
    _check_device(tensor)
    if tensor.device.index != device:
        raise ValueError(texts.OTHER_DEVICES)
    return _address(tensor)


def _address(tensor: Any) -> int:
    _check_device(tensor)
    address: int = tensor.data_ptr()
    if tensor.device.type == "npu":
        return address
    offset: int = tensor.storage_offset() * tensor.element_size()
    return address + offset
