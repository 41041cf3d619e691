"""The boundary of the SDK: every public call begins a trace and ends in the SDK's own errors.

Inside, a failed call is a `StatusError`; nothing but `RuntimeError` with the status in its text may
leave the SDK (measured on openyuanrong-datasystem 0.8.1).
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from yr_fake_ds.client import trace
from yr_fake_ds.errors import StatusError

P = ParamSpec("P")
R = TypeVar("R")


def sdk_call(function: Callable[P, R]) -> Callable[P, R]:
    """Make `function` a public call of the SDK; used on methods that reach the client layer."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        trace.begin_call()
        try:
            return function(*args, **kwargs)
        except StatusError as error:
            raise RuntimeError(str(error)) from None

    return call
