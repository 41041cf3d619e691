"""The SDK's own argument checks: exact types first, then ranges.

`KVClient` and its siblings call these before anything else, in the order of their parameters. A
type matches only if it is the very type (``type(x) is T``): a subclass, a ``bool`` for an ``int``
and a tuple for a list are refused (measured on openyuanrong-datasystem 0.8.1).
"""

from collections.abc import Sequence
from typing import Any, Final

from yr_fake_ds import texts
from yr_fake_ds.sdk.identity import known_as


@known_as("yr.datasystem.util")
class Validator:
    """Checks of argument types and ranges; `yr.datasystem.util.Validator` in the real SDK."""

    INT32_MAX_SIZE: Final = 2**31 - 1
    UINT64_MAX_SIZE: Final = 2**64 - 1

    @staticmethod
    def check_args_types(args: list[list[Any]]) -> None:
        """Check rows of ``[name, value, type, ...]``; TypeError names the first that fails."""
        Validator._require(type(args) is list, texts.ARGUMENTS_NOT_A_LIST, type(args))
        for row in args:
            Validator._require(type(row) is list, texts.ARGUMENT_NOT_A_LIST, type(row))
            Validator._require(len(row) >= 3, texts.ARGUMENT_TOO_SHORT)
            name, value, *types = row
            if type(value) not in types:
                raise TypeError(texts.ARGUMENT_TYPE.format(name=name, types=types))

    @staticmethod
    def check_key_exists(args: dict[str, Any], keys: Sequence[str]) -> list[Any]:
        """Return the values of `keys` in `args`; TypeError if one is missing or None."""
        Validator._require(isinstance(args, dict), texts.PARAM_NOT_A_DICT, type(args))
        Validator._require(isinstance(keys, list), texts.PARAM_KEYS_NOT_A_LIST, type(keys))
        for key in keys:
            if args.get(key) is None:
                raise TypeError(texts.PARAM_KEY_MISSING.format(key=key))
        return [args[key] for key in keys]

    @staticmethod
    def check_param_range(
        param_name: str, param_value: int, min_limit: int, max_limit: int
    ) -> None:
        """Raise RuntimeError unless ``min_limit <= param_value <= max_limit``."""
        if not min_limit <= param_value <= max_limit:
            message = texts.ARGUMENT_RANGE.format(
                name=param_name, value=param_value, minimum=min_limit, maximum=max_limit
            )
            raise RuntimeError(message)

    @staticmethod
    def _require(condition: bool, text: str, found: type | None = None) -> None:
        if not condition:
            raise TypeError(text.format(found=found))
