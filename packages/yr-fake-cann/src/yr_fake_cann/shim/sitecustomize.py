"""Start-up hook of an activated Python: watches for torch_npu, then runs the next sitecustomize.

Python imports one ``sitecustomize``, the first on its path. This one is first, so it hands over to
the one that it hides (a distribution's, coverage's, another activation's).
"""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder

_SHIM_ROOT = os.path.dirname(os.path.abspath(__file__))


def _package() -> None:
    """Make yr_fake_cann importable from where this shim lies, in any interpreter."""
    root = os.path.dirname(_SHIM_ROOT)
    spec = importlib.util.spec_from_file_location(
        "yr_fake_cann", os.path.join(root, "__init__.py"), submodule_search_locations=[root]
    )
    if spec is not None and spec.loader is not None and "yr_fake_cann" not in sys.modules:
        module = importlib.util.module_from_spec(spec)
        sys.modules["yr_fake_cann"] = module
        spec.loader.exec_module(module)


def _hand_over() -> None:
    others = [entry for entry in sys.path if os.path.abspath(entry or ".") != _SHIM_ROOT]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get("YR_FAKE_CANN") == "1":
    _package()
    from yr_fake_cann import importhook

    importhook.install()
_hand_over()
