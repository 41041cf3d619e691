"""The kernel of most operators: the CPU kernel of torch, called on host views."""

from typing import Any

import torch

from yr_fake_cann.kernels import randomness, rules, streams
from yr_fake_cann.kernels.alias import CPU, host_view
from yr_fake_cann.kernels.crossing import Crossing
from yr_fake_cann.kernels.placement import Placement


def resolve(name: str) -> torch._ops.OpOverload:
    """Return the operator of a qualified name such as ``aten::add.Tensor``."""
    namespace, _, rest = name.partition("::")
    base, _, overload = rest.partition(".")
    packet = getattr(getattr(torch.ops, namespace), base)
    operator: torch._ops.OpOverload = getattr(packet, overload or "default")
    return operator


class HostKernel:
    """Runs one operator on host views; called by torch's dispatcher in the caller's thread."""

    __slots__ = ("generator", "host_argument", "host_results", "name", "operator", "outs")

    def __init__(self, name: str) -> None:
        self.name = name
        self.operator = resolve(rules.WITH_GENERATOR.get(name, name))
        arguments = [argument.name for argument in self.operator._schema.arguments]
        self.outs = [a.name for a in self.operator._schema.arguments if a.is_out]
        self.generator = arguments.index("generator") if "generator" in arguments else None
        exempt = rules.HOST_ARGUMENTS.get(self.operator._schema.name)
        self.host_argument = None if exempt is None else arguments.index(exempt)
        self.host_results = rules.HOST_RESULTS.get(self.operator._schema.name, frozenset())

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
        # A host view has no room to grow, so an output of another size is computed beside it.
        outs = [given[name] for name in self.outs]
        views = {name: kwargs[name] for name in self.outs}
        for name, out in zip(self.outs, outs, strict=True):
            if out.numel() == 0:
                kwargs[name] = torch.empty(0, dtype=out.dtype, device=CPU)
        try:
            self.operator(*args, **kwargs)
        except RuntimeError as error:
            if "not resizable" not in str(error):
                raise
            kwargs.update({name: view.clone() for name, view in views.items()})
            self.operator(*args, **kwargs)
        for name, out in zip(self.outs, outs, strict=True):
            _take_over(out, kwargs[name], views[name])
        return outs[0] if len(outs) == 1 else tuple(outs)


def _take_over(out: torch.Tensor, computed: torch.Tensor, view: torch.Tensor) -> None:
    if out.shape != computed.shape:
        out.resize_(computed.shape)
    if computed is not view and computed.numel():
        host_view(out).copy_(computed)
