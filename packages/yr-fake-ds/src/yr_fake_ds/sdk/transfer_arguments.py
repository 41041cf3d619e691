"""Argument conversions of the transfer engine's C++ bindings (`yr.datasystem._transfer_engine`).

They take arguments by name, convert numbers by `int` too, and say the parameters' names in their
TypeError (measured on openyuanrong-datasystem 0.8.1):

    register_memory(): incompatible function arguments. The following argument types are supported:
        1. (self: yr.datasystem._transfer_engine.TransferEngine, … length: int) -> ….Result

    Invoked with: <… object at 0x…>, 1; kwargs: length=1.5
"""

import functools
import inspect
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from yr_fake_ds import texts

MODULE: Final = "yr.datasystem._transfer_engine"
MAX_NUMBER: Final = 2**64 - 1

P = ParamSpec("P")
R = TypeVar("R")


class Conversion(NamedTuple):
    """How an argument is printed and converted; the conversion raises TypeError or ValueError."""

    name: str
    convert: Callable[[Any], Any]


def converted(result: str, *conversions: Conversion) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method take its arguments as the bindings do; `result` is what they print for it."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)
        names = list(signature.parameters)[1:]
        owner = method.__qualname__.partition(".")[0]

        @functools.wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                bound = signature.bind(*args, **kwargs)
                given = [bound.arguments[name] for name in names]
                pairs = zip(conversions, given, strict=True)
                values: Any = [conversion.convert(value) for conversion, value in pairs]
            except (TypeError, ValueError):
                shown = _signature(owner, names, conversions, result)
                raise _incompatible(method.__name__, "function", shown, args, kwargs) from None
            return method(args[0], *values)  # type: ignore[call-arg, arg-type]

        return call

    return decorate


def refuse_arguments(cls: type, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    """Raise TypeError if a constructor that takes nothing is given something."""
    if args or kwargs:
        shown = f"{MODULE}.{cls.__name__}()"
        raise _incompatible("__init__", "constructor", shown, args, kwargs)


def _signature(
    owner: str, names: Iterable[str], conversions: Iterable[Conversion], result: str
) -> str:
    pairs = zip(names, conversions, strict=True)
    shown = [f"self: {MODULE}.{owner}"]
    shown += [f"{name}: {conversion.name}" for name, conversion in pairs]
    return f"({', '.join(shown)}) -> {result}"


def _incompatible(
    function: str, kind: str, signature: str, args: tuple[object, ...], kwargs: dict[str, object]
) -> TypeError:
    by_name = ", ".join(f"{name}={value!r}" for name, value in kwargs.items())
    parts = [", ".join(map(repr, args)), f"kwargs: {by_name}" if by_name else ""]
    return TypeError(
        texts.INCOMPATIBLE_ARGUMENTS.format(
            function=function,
            kind=kind,
            signature=signature,
            arguments="; ".join(part for part in parts if part),
        )
    )


def _text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        # The real one looks for colons and digits in whatever bytes there are.
        return bytes(value).decode(errors="replace")
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()
    return value


def _number(value: Any) -> int:
    if isinstance(value, (float, str, bytes, bytearray)):
        raise TypeError("no number")
    try:
        number = operator.index(value)
    except TypeError:
        number = int(value)
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError("out of range")
    return number


def _numbers(values: Any) -> list[int]:
    if isinstance(values, (str, bytes, dict)) or not hasattr(type(values), "__getitem__"):
        raise TypeError("no list")
    return [_number(value) for value in values]


TEXT: Final = Conversion("str", _text)
NUMBER: Final = Conversion("int", _number)
NUMBERS: Final = Conversion("List[int]", _numbers)
