"""What `import ray_ascend` alone does."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import Any

import psutil
import pytest
import ray
import torch
from conftest import Sandbox

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.errors import NotInitializedError

DECORATE = """
class Trainer:
    @ray.method(tensor_transport="yr")
    def weights(self):
        pass
print(type(ray.remote(Trainer)).__name__)
"""


def output_of(script: str) -> str:
    """Run a script in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def new_trainer(**options: Any) -> Any:
    """Make an actor that registers nothing."""

    @ray.remote(num_cpus=0, max_restarts=1, max_task_retries=1)
    class Trainer:
        def pid(self) -> int:
            return os.getpid()

        @ray.method(tensor_transport="YR")
        def weights(self) -> torch.Tensor:
            return torch.arange(6.0)

        def kept(self) -> list[Any]:
            return [ray.put(torch.arange(6.0), _tensor_transport="YR")]

    return Trainer.options(**options).remote()  # type: ignore[attr-defined]  # of the decorator


def test_nothing_is_loaded() -> None:
    """The import costs neither Ray nor torch."""
    script = "import sys, ray_ascend; print(sorted({'ray', 'torch', 'yr'} & {*sys.modules}))"

    assert output_of(script) == "[]\n"


@pytest.mark.parametrize("imports", ["import ray, ray_ascend", "import ray_ascend, ray"])
def test_a_decorator_before_anything_is_started(imports: str) -> None:
    """The name is known in either order of imports."""
    assert output_of(imports + DECORATE) == "ActorClass(Trainer)\n"


def test_without_the_package_the_name_is_unknown() -> None:
    """It is this package that makes the decorator valid."""
    with pytest.raises(AssertionError, match="Invalid tensor transport"):
        output_of("import ray" + DECORATE)


@pytest.mark.datasystem
def test_the_first_call_starts_the_backend(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """If nobody has registered, one line says that it does so now; a second call says nothing."""
    sandbox.start_ray()
    trainer = new_trainer()

    with caplog.at_level(logging.WARNING, "ray_ascend"):
        received = [ray.get(trainer.weights.remote()).tolist() for _ in range(2)]

    assert received == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]] * 2
    (said,) = [one for one in caplog.messages if "the YR backend is started now" in one]
    assert said.startswith("nobody has called register_yr_tensor_transport() in this Ray cluster")
    assert len(sandbox.processes("reaper")) == 1


@pytest.mark.datasystem
def test_the_first_put_in_an_actor_starts_the_backend(sandbox: Sandbox) -> None:
    """No driver has used the transport then."""
    sandbox.start_ray()

    (reference,) = ray.get(new_trainer().kept.remote())

    assert float(ray.get(reference).sum()) == 15.0


@pytest.mark.datasystem
def test_an_actor_that_has_restarted(sandbox: Sandbox) -> None:
    """It knows the transport again, though neither its class nor Ray tells it."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    trainer = new_trainer()
    first = psutil.Process(ray.get(trainer.pid.remote()))

    first.kill()

    assert float(ray.get(trainer.weights.remote()).sum()) == 15.0
    assert ray.get(trainer.pid.remote()) != first.pid


@pytest.mark.datasystem
def test_what_was_taken_down_stays_down(sandbox: Sandbox) -> None:
    """After a clean-up no call starts the backend; the next registration does."""
    sandbox.start_ray()
    register_yr_tensor_transport()
    assert float(ray.get(new_trainer().weights.remote()).sum()) == 15.0
    cleanup_yr_resources()

    with pytest.raises(NotInitializedError, match="not running in this Ray cluster"):
        ray.get(new_trainer().weights.remote())

    assert sandbox.leftovers() == []
    register_yr_tensor_transport()
    assert float(ray.get(new_trainer().weights.remote()).sum()) == 15.0


@pytest.mark.datasystem
def test_the_variables_of_an_actor_do_not_matter_where_there_is_a_backend(
    sandbox: Sandbox,
) -> None:
    """Nobody looks at them, also if they are wrong."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    wrong = {"env_vars": {"YR_DS_INIT_MODE": "nowhere"}}

    trainer = new_trainer(runtime_env=wrong)

    assert float(ray.get(trainer.weights.remote()).sum()) == 15.0
