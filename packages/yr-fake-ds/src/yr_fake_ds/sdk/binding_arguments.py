"""Argument conversions of the SDK's C++ bindings, and the TypeError they give.

After the Python layer has checked the containers, the bindings convert what is inside: texts accept
``str`` and ``bytes``, numbers anything with ``__index__`` inside their range, values anything with
a buffer. What does not convert is a TypeError that prints the signature (shape B, measured on
openyuanrong-datasystem 0.8.1):

    GET.check(self, keys, 20)   ->  "Get(): incompatible function arguments. The following …"
"""

import operator
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from yr_fake_ds import texts

PREFIX: Final = "yr.datasystem.lib.libds_client_py."


class Kind(NamedTuple):
    """A parameter type of the bindings: how it is printed, and whether a value converts to it."""

    name: str
    accepts: Callable[[Any], bool]


class Signature(NamedTuple):
    """A function of the bindings; called by the SDK's classes with the arguments they pass on."""

    function: str
    kinds: tuple[Kind, ...]
    result: str = "datasystem::Status"
    owner: str = ""
    incompatible: str = "function"

    def check(self, receiver: object, *arguments: object) -> None:
        """Raise TypeError, with the signature, unless every argument converts."""
        if not all(
            kind.accepts(argument) for kind, argument in zip(self.kinds, arguments, strict=True)
        ):
            raise TypeError(self._explain(receiver, arguments))

    def _explain(self, receiver: object, arguments: tuple[object, ...]) -> str:
        shown = [] if receiver is None else [f"<{PREFIX}{self.owner} object at {id(receiver):#x}>"]
        shown += [repr(argument) for argument in arguments]
        return texts.INCOMPATIBLE_ARGUMENTS.format(
            function=self.function,
            kind=self.incompatible,
            signature=self._printed(receiver is not None),
            arguments=", ".join(shown),
        )

    def _printed(self, bound: bool) -> str:
        parameters = [f"arg{index}: {kind.name}" for index, kind in enumerate(self.kinds)]
        if self.incompatible == "constructor":
            return f"{PREFIX}{self.owner}({', '.join(parameters)})"
        if bound:
            parameters.insert(0, f"self: {PREFIX}{self.owner}")
        return f"({', '.join(parameters)}) -> {self.result}"


def as_text(value: str | bytes | bytearray) -> str:
    """Return a key as text; the bindings accept utf-8 bytes for it."""
    return value if isinstance(value, str) else bytes(value).decode()


def _is_text(value: object) -> bool:
    if isinstance(value, (bytes, bytearray)):
        return _encodes(bytes(value), bytes.decode)
    return isinstance(value, str) and _encodes(value, str.encode)


def _encodes(value: Any, convert: Callable[[Any], object]) -> bool:
    try:
        convert(value)
    except UnicodeError:
        return False
    return True


def _integer_between(minimum: int, maximum: int) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:
        if isinstance(value, float):
            return False
        try:
            return minimum <= operator.index(value) <= maximum
        except TypeError:
            return False

    return accepts


def _has_buffer(value: Any) -> bool:
    try:
        memoryview(value).release()
    except TypeError:
        return False
    except BufferError:
        return True
    return True


def list_of(kind: Kind) -> Kind:
    """Return the kind of a list whose elements are of `kind`."""
    return Kind(f"List[{kind.name}]", lambda values: all(map(kind.accepts, values)))


def instance_of(name: str, *types: type) -> Kind:
    """Return the kind of an argument that is an instance of one of `types`."""
    return Kind(name, lambda value: isinstance(value, types))


TEXT: Final = Kind("str", _is_text)
INT32: Final = Kind("int", _integer_between(-(2**31), 2**31 - 1))
UINT32: Final = Kind("int", _integer_between(0, 2**32 - 1))
UINT64: Final = Kind("int", _integer_between(0, 2**64 - 1))
BOOL: Final = instance_of("bool", bool)
BUFFER: Final = Kind("buffer", _has_buffer)
TEXTS: Final = list_of(TEXT)
SIZES: Final = list_of(UINT64)
BUFFERS: Final = list_of(BUFFER)
ANYTHING: Final = Kind("datasystem::WriteMode", lambda _value: True)
