"""Three findings about a package called ray_ascend, without the suite, as its user meets them.

yr-fake-ds run -- python ci/transports/published_findings.py
"""

from __future__ import annotations

from typing import Any

import ray
import torch

from ray_ascend import register_yr_tensor_transport


def source_class() -> Any:
    """Give the actor class; Ray takes the name of a transport only after it was registered."""

    @ray.remote
    class Source:
        def __init__(self) -> None:
            register_yr_tensor_transport(["cpu"])

        @ray.method(tensor_transport="YR")
        def seven(self) -> torch.Tensor:
            return torch.full((4,), 7.0)

        @ray.method(tensor_transport="YR")
        def empty(self) -> torch.Tensor:
            return torch.empty(0)

        @ray.method(tensor_transport="YR")
        def fails(self) -> torch.Tensor:
            raise ValueError("the user's own error")

    return Source


def outcome(reference: Any) -> str:
    """Say what `ray.get` gives, or the kind of its error and the first line."""
    try:
        return repr(ray.get(reference, timeout=60))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"


def main() -> None:
    """Ask a fresh actor for each, and whether it still lives afterwards."""
    ray.init(log_to_driver=False, logging_level="error")
    register_yr_tensor_transport(["cpu"])
    source_of = source_class()
    for name in ("seven", "empty", "fails"):
        source = source_of.remote()
        print(f"{name}: {outcome(getattr(source, name).remote())}")
        print(f"  afterwards: {outcome(source.__ray_call__.remote(lambda _: 'the actor lives'))}")
        ray.kill(source)


if __name__ == "__main__":
    main()
