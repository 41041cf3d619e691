"""Random numbers of a device come from that device's generator, not from the CPU's.

torch_npu's generators are counters: a seed and an offset. Each operator that draws takes the
numbers of a CPU generator seeded from both and moves the offset on, so that seeds, saved states and
``torch.npu.get_rng_state`` mean what they mean on hardware: the same state, the same numbers. The
numbers themselves differ from an NPU's.
"""

import torch

_MIX = 0x9E3779B97F4A7C15  # odd, so that (seed, offset) pairs spread over all 64 bits
_STEP = 4  # offsets are multiples of four, the numbers that one Philox round gives


def host_generator(generator: torch.Generator) -> torch.Generator:
    """Return a CPU generator for one call, and move the npu generator on."""
    return generator_at(*draw(generator))


def draw(generator: torch.Generator) -> tuple[int, int]:
    """Return seed and offset for one call, and move the npu generator on."""
    seed, offset = generator.initial_seed(), generator.get_offset()
    generator.set_offset(offset + _STEP)
    return seed, offset


def generator_at(seed: int, offset: int) -> torch.Generator:
    """Return a CPU generator with the numbers of a seed and an offset."""
    mixed = (seed ^ (offset // _STEP * _MIX)) & 0x7FFF_FFFF_FFFF_FFFF
    return torch.Generator(device="cpu").manual_seed(mixed)


def default_generator(device: int) -> torch.Generator:
    """Return the default generator of an npu."""
    generator: torch.Generator = torch.npu.default_generators[device]  # type: ignore[attr-defined]
    return generator
