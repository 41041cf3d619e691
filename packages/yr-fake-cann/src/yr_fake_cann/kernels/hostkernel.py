"""The kernel of most operators: the CPU kernel of torch, called on host views."""

from typing import Any

import torch

from yr_fake_cann.kernels import internals, randomness, rules, streams
from yr_fake_cann.kernels.alias import CPU, host_view
from yr_fake_cann.kernels.crossing import Crossing
from yr_fake_cann.kernels.placement import Placement


class HostKernel:
    """Runs one operator on host views; called by torch's dispatcher in the caller's thread."""

    __slots__ = (
        "generator",
        "host_argument",
        "host_results",
        "name",
        "operator",
        "outs",
        "returns",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.operator = internals.operator(rules.WITH_GENERATOR.get(name, name))
        schema = internals.schema(self.operator)
        arguments = [argument.name for argument in schema.arguments]
        self.outs = [argument.name for argument in schema.arguments if argument.is_out]
        self.returns = len(schema.returns)
        self.generator = arguments.index("generator") if "generator" in arguments else None
        exempt = rules.HOST_ARGUMENTS.get(schema.name)
        self.host_argument = None if exempt is None else arguments.index(exempt)
        self.host_results = rules.HOST_RESULTS.get(schema.name, frozenset())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on the host and return the results on the device."""
        crossing = Crossing(Placement(self.name))
        exempt = self.host_argument
        host_args = [crossing.to_host(a, i == exempt) for i, a in enumerate(args)]
        host_kwargs = {name: crossing.to_host(value) for name, value in kwargs.items()}
        device = crossing.target()
        if device == streams.current_device():
            return self._run(crossing, device, host_args, host_kwargs, kwargs)
        return streams.on_device(
            device, lambda: self._run(crossing, device, host_args, host_kwargs, kwargs)
        )

    def _run(
        self,
        crossing: Crossing,
        device: int,
        args: list[Any],
        kwargs: dict[str, Any],
        given: dict[str, Any],
    ) -> Any:
        streams.drain(device)
        if self.generator is not None:
            self._choose_generator(device, args, kwargs)
        if self.outs:
            return self._run_into(crossing, args, kwargs, given)
        result = self.operator(*args, **kwargs)
        if self.host_results:
            return tuple(
                r if i in self.host_results else crossing.to_device(r) for i, r in enumerate(result)
            )
        return crossing.to_device(result)

    def _choose_generator(self, device: int, args: list[Any], kwargs: dict[str, Any]) -> None:
        position = self.generator or 0
        given = args[position] if position < len(args) else kwargs.get("generator")
        if given is None:
            given = randomness.default_generator(device)
        if given.device.type != "npu":
            raise RuntimeError(
                f"Expected a 'npu' device type for generator but found '{given.device.type}'"
            )
        if position < len(args):
            args[position] = randomness.host_generator(given)
        else:
            kwargs["generator"] = randomness.host_generator(given)

    def _run_into(
        self, crossing: Crossing, args: list[Any], kwargs: dict[str, Any], given: dict[str, Any]
    ) -> Any:
        outs = [given[name] for name in self.outs]
        views = [kwargs[name] for name in self.outs]
        for name, out in zip(self.outs, outs, strict=True):
            if isinstance(out, torch.Tensor) and out.numel() == 0:
                kwargs[name] = torch.empty(0, dtype=out.dtype, device=CPU)
        try:
            self.operator(*args, **kwargs)
        except RuntimeError as error:
            if "not resizable" not in str(error):
                raise
            # A host view cannot grow: compute beside it, where torch also warns of the resizing.
            kwargs.update(zip(self.outs, map(_clone, views), strict=True))
            self.operator(*args, **kwargs)
        for name, out, view in zip(self.outs, outs, views, strict=True):
            _take_over(out, kwargs[name], view)
        if not self.returns:
            return None
        return outs[0] if len(outs) == 1 else tuple(outs)


def _clone(view: Any) -> Any:
    return view.clone() if isinstance(view, torch.Tensor) else [item.clone() for item in view]


def _take_over(out: Any, computed: Any, view: Any) -> None:
    if not isinstance(out, torch.Tensor):
        for items in zip(out, computed, view, strict=True):
            _take_over(*items)
        return
    if out.shape != computed.shape:
        out.resize_(computed.shape)
        streams.drain(out.device.index)  # resizing queues a copy of the old bytes
    if computed is not view and computed.numel():
        host_view(out).copy_(computed)
