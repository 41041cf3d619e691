"""Fault plans: what is accepted, and what the error says of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from yr_fake_ds.faults import FaultPlanError, Plan, load_plan
from yr_fake_ds.faults.plan import CALLS, Delay, Status, plan_from


def test_a_plan_is_json_or_a_file_of_it(tmp_path: Path) -> None:
    """What begins with a brace is the plan itself, anything else the name of a file."""
    text = '{"seed": 3, "rules": [{"action": "delay", "call": "get", "seconds": 0.5}]}'
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")

    expected = Plan(seed=3, rules=[Delay(call="get", seconds=0.5)])
    assert load_plan(text) == load_plan(str(tmp_path / "plan.json")) == expected


def test_an_environment_without_a_plan_has_an_empty_one() -> None:
    """Unset and empty mean that nothing fails."""
    assert plan_from({}) == plan_from({"YR_FAKE_DS_FAULTS": " "}) == Plan()


def test_calls_have_the_names_of_the_sdk() -> None:
    """The calls of users, of other workers and of connecting clients can be struck."""
    assert {"set", "mset_buffer", "mcreate", "get", "delete", "peer_get", "connect"} <= CALLS
    assert not CALLS & {"publish", "inspect", "set_faults", "attach"}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ('{"action": "explode"}', "explode"),
        ('{"call": "get"}', "action"),
        ('{"action": "delay"}', "seconds"),
        ('{"action": "delay", "seconds": -1}', "seconds"),
        ('{"action": "kill", "whne": "after"}', "whne"),
        ('{"action": "kill", "when": "during"}', "during"),
        ('{"action": "drop", "probability": 2}', "probability"),
        ('{"action": "drop", "call": "gte"}', "no call 'gte'; calls: "),
        ('{"action": "partial", "call": "set"}', "'set' cannot fail in part; batches: delete,"),
        ('{"action": "status", "status": "Oops"}', "no status 'Oops'; statuses: Acl api error,"),
    ],
)
def test_mistakes_are_named(rule: str, text: str) -> None:
    """The error names the mistake and the rule that has it."""
    with pytest.raises(FaultPlanError) as raised:
        load_plan(f'{{"rules": [{{"action": "no_space"}}, {rule}]}}')

    assert text in str(raised.value)
    assert "$.rules[" in str(raised.value)


def test_a_file_that_is_missing_is_named() -> None:
    """The error of the variable names the variable and the file."""
    with pytest.raises(FaultPlanError, match=r"YR_FAKE_DS_FAULTS: .*nowhere\.json.*No such file"):
        plan_from({"YR_FAKE_DS_FAULTS": "nowhere.json"})


def test_all_statuses_of_the_sdk_are_known() -> None:
    """A status with a slash in its name is one of them."""
    name = "The master may timeout/dead"
    plan = load_plan('{"rules": [{"action": "status", "status": "' + name + '"}]}')

    assert plan.rules == [Status(status=name)]
