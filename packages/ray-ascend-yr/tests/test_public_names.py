"""What other programs may import from here; anything else may change with any release."""

from __future__ import annotations

import inspect

import ray_ascend
from ray_ascend import errors, utils

NAMES = [
    "YRTensorTransport",
    "__commit__",
    "__version__",
    "cleanup_yr_resources",
    "create_collective_group",
    "errors",
    "register_hccl_collective_backend",
    "register_hccl_tensor_transport",
    "register_yr_tensor_transport",
    "set_yr_npu_stream",
]


def test_the_names_of_the_package() -> None:
    """Each can be imported, and there are no others."""
    assert sorted(ray_ascend.__all__) == NAMES
    assert all(getattr(ray_ascend, name) is not None for name in NAMES)


def test_the_names_of_the_errors() -> None:
    """All are in one module, and have one root."""
    found = dict(inspect.getmembers(errors, inspect.isclass))

    assert set(found) == {
        "BackendStartError",
        "CollectiveError",
        "ConfigurationError",
        "InstallationError",
        "MixedDevicesError",
        "NotInitializedError",
        "ObjectLostError",
        "RayAscendError",
        "StoreFullError",
        "StoreUnavailableError",
        "TransferAbortedError",
        "TransferError",
        "TransferTimeoutError",
        "UnsupportedDeviceError",
        "UnsupportedTensorError",
    }
    assert all(issubclass(one, errors.RayAscendError) for one in found.values())


def test_the_name_that_another_package_of_the_same_import_name_has() -> None:
    """`cleanup_yr_resources` is also in `ray_ascend.utils`."""
    assert utils.cleanup_yr_resources is ray_ascend.cleanup_yr_resources
