"""Classes that say they are the SDK's, in `repr`, in pickles and to whoever asks for their module.

Modules and names are those of openyuanrong-datasystem 0.8.1; the shim offers each class there.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

BINDINGS: Final = "yr.datasystem.lib.libds_client_py"

_Class = TypeVar("_Class", bound=type)


def known_as(module: str, name: str = "") -> Callable[[_Class], _Class]:
    """Give the class decorator that lets a class be of that module, and of that name if given."""

    def rename(cls: _Class) -> _Class:
        cls.__module__ = module
        cls.__name__ = cls.__qualname__ = name or cls.__name__
        return cls

    return rename


class BindingObject:
    """Base of what is C++ in the SDK: `dir` shows the names that it has there."""

    __slots__ = ()

    def __dir__(self) -> Iterable[str]:
        """List no name of this package."""
        return [name for name in super().__dir__() if not name.startswith("_") or name[:2] == "__"]
