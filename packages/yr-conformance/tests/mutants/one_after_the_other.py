"""The mutant that receives each object of a `ray.get` before the next is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from interception import Tensors, replace

from ray_ascend import YRTensorTransport


def wait_at_once() -> None:
    """Let each fetch wait for its end, and each wait find what came."""
    wait = YRTensorTransport.wait_fetch_complete
    replace("fetch_multiple_tensors", functools.partial(_followed_by, wait))
    replace("wait_fetch_complete", lambda _: _received_before)


def _followed_by(wait: Callable[..., Any], original: Callable[..., Any]) -> Any:
    def fetch(self: Any, *arguments: Any) -> Any:
        request = original(self, *arguments)
        wait(self, request)
        return request

    return fetch


def _received_before(_self: Any, request: Any, timeout: float = -1) -> Tensors:
    tensors: Tensors = request.tensors
    return tensors
