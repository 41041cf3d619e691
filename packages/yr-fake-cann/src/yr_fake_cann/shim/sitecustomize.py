"""Start-up hook of an activated Python: `yr_fake_cann_startup`, then the next sitecustomize.

Python imports one ``sitecustomize``, the first on its path. This one is first, so it hands over to
the one that it hides (a distribution's, coverage's, another activation's).
"""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder

_SHIM_ROOT = os.path.dirname(os.path.abspath(__file__))


def _hand_over() -> None:
    others = [entry for entry in sys.path if os.path.abspath(entry or ".") != _SHIM_ROOT]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get("YR_FAKE_CANN") == "1":
    importlib.import_module("yr_fake_cann_startup")
_hand_over()
