"""Makes the package that activated this Python take effect in it; runs at its start.

yr_fake_cann.pth     beside an installed package, by the shim that the environment names: also
                     where somebody has replaced PYTHONPATH, or LD_LIBRARY_PATH, as launch
                     scripts and Ray's `runtime_env` do, and in `python -I`
sitecustomize        by PYTHONPATH, in a Python where the package is not installed
"""

import importlib.util
import os
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _package() -> None:
    """Make yr_fake_cann importable from where this shim lies, in any interpreter."""
    spec = importlib.util.spec_from_file_location(
        "yr_fake_cann", os.path.join(_ROOT, "__init__.py"), submodule_search_locations=[_ROOT]
    )
    if spec is not None and spec.loader is not None and "yr_fake_cann" not in sys.modules:
        module = importlib.util.module_from_spec(spec)
        sys.modules["yr_fake_cann"] = module
        spec.loader.exec_module(module)


if os.environ.get("YR_FAKE_CANN") == "1":
    _package()
    from yr_fake_cann.activation import restore
    from yr_fake_cann.errors import ActivationError

    try:
        restore()
    except ActivationError as error:
        sys.stderr.write(f"yr-fake-cann: no emulated NPUs in this process: {error}\n")
