"""TransferQueue's own demo, unchanged, with the backend that a user names in its configuration.

python transfer_queue_demo.py single_controller_demo.py [its options]
"""

import runpy
import sys
from typing import Any

import processors  # noqa: F401 - it changes Ray
from omegaconf import OmegaConf

YUANRONG = {
    "backend": {
        "storage_backend": "Yuanrong",
        "Yuanrong": {"worker_args": "--shared_memory_size_mb 512"},
    }
}


def main() -> None:
    """Run the demo as the main program; what it loads as its configuration names the backend."""
    shipped = OmegaConf.load

    def load(file: Any) -> Any:
        return OmegaConf.merge(shipped(file), YUANRONG)

    OmegaConf.load = load
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
