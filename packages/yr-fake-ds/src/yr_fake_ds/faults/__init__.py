"""Faults on demand: a plan says which calls of a worker fail, how, and how often.

    from yr_fake_ds.faults import install_faults

    plan = {"rules": [{"action": "delay", "call": "get", "seconds": 3}]}
    with install_faults("127.0.0.1:31501", plan) as faults:
        ...
        faults.fired()        # [how often rule 0 struck, ...]

`YR_FAKE_DS_FAULTS` gives workers a plan from their start. See docs/faults.md.
"""

from yr_fake_ds.faults.installation import InstalledFaults, install_faults
from yr_fake_ds.faults.plan import FaultPlanError, Plan, load_plan

__all__ = ["FaultPlanError", "InstalledFaults", "Plan", "install_faults", "load_plan"]
