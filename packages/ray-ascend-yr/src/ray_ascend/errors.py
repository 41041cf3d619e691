"""Every error that this package raises on purpose.

    RayAscendError
    ├── InstallationError (ImportError)      a second `ray_ascend` is installed, or no SDK
    ├── ConfigurationError (ValueError)      a YR_DS_* variable or an argument is wrong
    ├── NotInitializedError (RuntimeError)   Ray, or the backend, has not been started yet
    ├── BackendStartError (RuntimeError)     the datasystem worker cannot start
    ├── CollectiveError (RuntimeError)       a collective operation, or making its group, failed
    ├── UnsupportedTensorError (ValueError)  a tensor cannot travel; nothing was stored
    │   ├── MixedDevicesError                tensors of one object are on different devices
    │   └── UnsupportedDeviceError           no path for this type of device in this version
    └── TransferError (RuntimeError)         storing or fetching an object failed
        ├── ObjectLostError                  the object is not in the datasystem any more
        ├── StoreFullError                   the worker's shared memory has no room for it
        ├── StoreUnavailableError            the worker does not answer
        ├── TransferAbortedError             Ray aborted the transfer
        └── TransferTimeoutError (TimeoutError)

All of them pickle, since Ray carries them from the actor where they happened to the caller.
"""

from __future__ import annotations

__all__ = [
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
]


class RayAscendError(Exception):
    """Base of all errors of this package; the message says what failed and what to do."""


class InstallationError(RayAscendError, ImportError):
    """The installed distributions cannot work together, or a required one is missing."""


class ConfigurationError(RayAscendError, ValueError):
    """A setting is wrong; `name` is the environment variable or argument that holds it."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class NotInitializedError(RayAscendError, RuntimeError):
    """Ray or the YR backend is not there yet."""


class BackendStartError(RayAscendError, RuntimeError):
    """The datasystem worker of a node could not be started; `reason` is its own explanation."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class CollectiveError(RayAscendError, RuntimeError):
    """A rank did not join its group, or an operation of the group failed in this rank.

    `ranks` are those because of which it did, as far as that is known.
    """

    def __init__(self, message: str, ranks: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.ranks = ranks


class UnsupportedTensorError(RayAscendError, ValueError):
    """A tensor of the object cannot be transferred; nothing of the object was stored."""


class MixedDevicesError(UnsupportedTensorError):
    """The tensors of one object are on devices of different types."""


class UnsupportedDeviceError(UnsupportedTensorError):
    """This version has no transfer path for the type of device that holds the tensors."""


class TransferError(RayAscendError, RuntimeError):
    """An object could not be stored or fetched; `key` and `status` are the datasystem's."""

    def __init__(self, message: str, key: str = "", status: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.status = status


class ObjectLostError(TransferError):
    """The object's key is not in the datasystem."""


class StoreFullError(TransferError):
    """The worker's shared memory cannot hold the object."""


class StoreUnavailableError(TransferError):
    """The node's datasystem worker cannot be reached."""


class TransferAbortedError(TransferError):
    """Ray aborted the transfer while it was waiting."""


class TransferTimeoutError(TransferError, TimeoutError):
    """The object did not arrive in time."""
