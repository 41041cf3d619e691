"""Names that openyuanrong-datasystem 0.9 has and no release that the fake can be.

Each is as absent as in the released SDK: `hasattr` is False, `dir` does not list it, and a
`from ... import` is an ImportError, so programs that probe take the path that they take there. Only
the text says more: that it is new, and what to use until then. The names are those of the public
sources and API pages of yuanrong-datasystem after 0.8.1 (docs/profiles.md).
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from typing import Final, NoReturn, TypeVar

from yr_fake_ds.profile import active

_DISCOVERY: Final = "give the clients the host and port of a worker"
NEWER_MODULE_NAMES: Final[Mapping[str, str]] = {
    "ServiceDiscovery": _DISCOVERY,
    "ServiceDiscoveryOptions": _DISCOVERY,
    "ServiceAffinityPolicy": _DISCOVERY,
    "CoordinatorServiceDiscovery": _DISCOVERY,
    "CoordinatorServiceDiscoveryOptions": _DISCOVERY,
}
"""Names of `yr.datasystem`, with what to do without them."""
NEWER_METHODS: Final[Mapping[str, Mapping[str, str]]] = {
    "HeteroClient": {
        "mget_h2d_from_multi_buffers": "use mget_h2d with a DeviceBlobList for each key",
        "mset_d2h_from_multi_buffers": "use mset_d2h with a DeviceBlobList for each key",
        "batch_is_exist": "use exist, which gives booleans",
        "pre_register_device_memory": "leave it out, mget_h2d needs no registration",
    },
}
"""Names of classes' methods, with what to do without them."""

_Class = TypeVar("_Class", bound=type)


def newness(name: str, instead: str) -> str:
    """Say of a name that it is new, and what to do."""
    return (
        f"{name} is new in openyuanrong-datasystem 0.9, and yr-fake-ds is {active().version} here: "
        f"{instead}"
    )


def without_newer_methods(cls: _Class) -> _Class:
    """Let the objects of a class say of the methods of 0.9 that they are new; a decorator."""
    newer = NEWER_METHODS[cls.__name__]

    def refuse(self: object, name: str) -> NoReturn:
        if name in newer:
            text = newness(f"{cls.__name__}.{name}", newer[name])
            raise AttributeError(text, name=name, obj=self)
        object.__getattribute__(self, name)
        raise AttributeError(name)

    # Not defined in the class, where a type checker would take every name for one that exists.
    type.__setattr__(cls, "__getattr__", refuse)
    return cls


class NewerNameFinder:
    """Says why `from yr.datasystem import ServiceDiscovery` fails.

    Python drops the text of the module's AttributeError, and looks for a submodule before it
    says that it cannot import the name. Last in `sys.meta_path` while the fake is imported.
    """

    @staticmethod
    def find_spec(
        fullname: str, _path: Sequence[str] | None = None, _target: object = None
    ) -> ModuleSpec | None:
        """Raise ImportError for a name of 0.9; other names are none of its business."""
        package, _dot, name = fullname.rpartition(".")
        if package != "yr.datasystem" or name not in NEWER_MODULE_NAMES:
            return None
        reason = newness(name, NEWER_MODULE_NAMES[name])
        raise ImportError(f"cannot import name '{name}' from '{package}': {reason}", name=package)


def explain_missing_imports() -> None:
    """Install the finder once; called when the shim's `yr.datasystem` is imported."""
    if NewerNameFinder not in sys.meta_path:
        sys.meta_path.append(NewerNameFinder)
