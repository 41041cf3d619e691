"""torch.distributed's `hccl` on four emulated NPUs against `gloo` on the CPU."""

import importlib.metadata
import os
from pathlib import Path
from typing import Final

import pytest
import torch
from rank_processes import saved_by_ranks

from yr_fake_cann import activation

PROGRAM: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program.py")
WORLD: Final = 4
Results = list[dict[str, list[torch.Tensor]]]

pytestmark = pytest.mark.skipif(
    not any(importlib.metadata.distributions(name="torch_npu")), reason="torch_npu is not installed"
)


def run(backend: str, directory: Path, **settings: str) -> Results:
    """Run the program on every rank and return what each got."""
    environ = {**os.environ, **settings}
    if backend == "hccl":
        environ.update(activation.variables(environ, activation.Machine(npus=WORLD)))
    store = directory / f"store-{backend}"
    targets = [directory / f"{backend}-{rank}" for rank in range(WORLD)]
    programs = [
        [PROGRAM, backend, str(rank), str(WORLD), str(store), str(target)]
        for rank, target in enumerate(targets)
    ]
    return saved_by_ranks(programs, targets, environ)


@pytest.fixture(scope="module")
def gloo(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What gloo gives."""
    return run("gloo", tmp_path_factory.mktemp("gloo"))


MODES: Final = {
    "inline": {},
    "async": {"YR_FAKE_CANN_STREAMS": "async", "YR_FAKE_CANN_DELAY_US": "200"},
    "strict": {"YR_FAKE_CANN_STRICT": "1"},
}
LONG: Final = [pytest.param(mode, marks=pytest.mark.long) for mode in ("async", "strict")]


@pytest.mark.parametrize("mode", ["inline", *LONG])
def test_every_collective_gives_what_gloo_gives(gloo: Results, tmp_path: Path, mode: str) -> None:
    """Every collective, reduction and dtype, on every rank, and two groups side by side."""
    found = run("hccl", tmp_path, **MODES[mode])

    for rank, (ours, theirs) in enumerate(zip(found, gloo, strict=True)):
        assert ours.keys() == theirs.keys()
        differing = [name for name in ours if not all(map(torch.equal, ours[name], theirs[name]))]
        assert differing == [], f"rank {rank}"
