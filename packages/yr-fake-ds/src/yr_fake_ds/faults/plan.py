"""The fault plan: rules as a user writes them, read from JSON and checked before anything runs.

    {"seed": 7, "rules": [{"action": "status", "call": "set", "key": "weights:", "skip": 1,
                           "times": 2, "status": "RPC unavailable"}]}

Rules are looked at in their order; every one that matches a call counts it, and strikes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import msgspec

from yr_fake_ds import codec, protocol

VARIABLE: Final = "YR_FAKE_DS_FAULTS"
STATUSES: Final = frozenset(
    {
        "Key duplicated",
        "Invalid parameter",
        "Key not found",
        "Runtime error",
        "Out of memory",
        "IO error",
        "Not ready",
        "Not authorized",
        "Out of range",
        "No space available",
        "Try again",
        "Data inconsistent between master and worker",
        "Shutting down",
        "The worker status is abnormal",
        "Client and Worker disconnect",
        "The worker timeout",
        "The master may timeout/dead",
        "The worker is exiting",
        "The cluster is scaling",
        "The client timeout",
        "Buffer deprecated",
        "RPC cancelled",
        "RPC deadline exceeded",
        "RPC unavailable",
        "Object already sealed error",
        "Object already exist error",
        "The future is timeout",
        "Acl api error",
        "Hccl api error",
    }
)
"""Names that the SDK gives its statuses (openyuanrong-datasystem 0.8.1, status_code.def)."""
PARTIAL_CALLS: Final = frozenset({"mset", "mset_buffer", "get", "delete", "expire"})
_CALL_NAMES: Final[Mapping[str, str]] = {
    "hello": "connect",
    "create": "mcreate",
    "change_global_references": "change_references",
    "query_global_references": "count_references",
}

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Share: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1)]
When: TypeAlias = Literal["before", "after"]


class FaultPlanError(ValueError):
    """A fault plan is wrong; the text says where, and what would be right."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls are struck; the subclasses say how."""

    call: str | list[str] = "*"
    """Name or names of calls; "*" is every call."""
    key: str = ""
    """Only calls with a key that begins with this."""
    skip: Count = 0
    """So many matching calls pass first."""
    times: Count | None = None
    """Then so many are struck; None: all."""
    probability: Share = 1.0
    """The share of those that are struck, drawn with the plan's seed."""


class Status(Rule, tag_field="action", tag="status", frozen=True, kw_only=True):
    """The call fails with a status; "after": although it was carried out."""

    status: str
    message: str = "injected by yr-fake-ds"
    when: When = "before"


class Delay(Rule, tag_field="action", tag="delay", frozen=True, kw_only=True):
    """The call is carried out later."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Partial(Rule, tag_field="action", tag="partial", frozen=True, kw_only=True):
    """A batch fails for a share of its keys, at least one, drawn with the plan's seed."""

    share: Share = 0.5


class Kill(Rule, tag_field="action", tag="kill", frozen=True, kw_only=True):
    """The worker process dies, before or after it carries the call out."""

    when: When = "before"


class Drop(Rule, tag_field="action", tag="drop", frozen=True, kw_only=True):
    """The call is never answered; "before": nor is it carried out."""

    when: When = "before"


class NoSpace(Rule, tag_field="action", tag="no_space", frozen=True, kw_only=True):
    """The call waits for memory as long as it may and fails with "Out of memory"."""


AnyRule: TypeAlias = Status | Delay | Partial | Kill | Drop | NoSpace


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a worker is told."""

    rules: list[AnyRule] = []
    seed: int = 0


def load_plan(source: str) -> Plan:
    """Read JSON, or the file of that name if it does not begin with a brace; FaultPlanError."""
    text = source.strip()
    if not text.startswith("{"):
        try:
            with open(text, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise FaultPlanError(f"the fault plan {source!r}: {error.strerror}") from error
    try:
        return checked(msgspec.json.decode(text, type=Plan))
    except msgspec.DecodeError as error:
        raise FaultPlanError(f"the fault plan is wrong: {error}") from error


def plan_of(description: Plan | Mapping[str, Any]) -> Plan:
    """Make a plan of plain values, as a test writes them; FaultPlanError."""
    if isinstance(description, Plan):
        return checked(description)
    try:
        return checked(msgspec.convert(description, Plan))
    except msgspec.ValidationError as error:
        raise FaultPlanError(f"the fault plan is wrong: {error}") from error


def plan_from(environment: Mapping[str, str] = os.environ) -> Plan:
    """Read the plan that the environment names; an empty one if it names none."""
    source = environment.get(VARIABLE, "")
    try:
        return load_plan(source) if source.strip() else Plan()
    except FaultPlanError as error:
        raise FaultPlanError(f"{VARIABLE}: {error}") from error


def checked(plan: Plan) -> Plan:
    """Return the plan; FaultPlanError for names that mean nothing."""
    for number, rule in enumerate(plan.rules):
        try:
            _check(rule)
        except FaultPlanError as error:
            raise FaultPlanError(
                f"the fault plan is wrong: {error} - at `$.rules[{number}]`"
            ) from None
    return plan


def call_name(request: Any) -> str:
    """Give a request the name by which plans know it."""
    if isinstance(request, protocol.Publish):
        return request.call
    return _name_of(type(request))


def names_of(rule: Rule) -> list[str]:
    """Give the calls of a rule as a list."""
    return [rule.call] if isinstance(rule.call, str) else rule.call


def _check(rule: AnyRule) -> None:
    for name in names_of(rule):
        if name != "*" and name not in CALLS:
            raise FaultPlanError(f"no call {name!r}; calls: {', '.join(sorted(CALLS))}, or *")
        if isinstance(rule, Partial) and name not in PARTIAL_CALLS:
            batches = ", ".join(sorted(PARTIAL_CALLS))
            raise FaultPlanError(f"{name!r} cannot fail in part; batches: {batches}")
    if isinstance(rule, Status) and rule.status not in STATUSES:
        raise FaultPlanError(f"no status {rule.status!r}; statuses: {', '.join(sorted(STATUSES))}")


def _name_of(request_type: type) -> str:
    letters = (f"_{one.lower()}" if one.isupper() else one for one in request_type.__name__)
    name = "".join(letters).lstrip("_")
    return _CALL_NAMES.get(name, name)


_UNSTRUCK: Final = frozenset({"attach", "goodbye", "publish", "inspect", "open_directory"})
CALLS: Final = frozenset(
    {_name_of(one) for one in get_args(codec.ClientRequest)} | set(get_args(protocol.PublishCall))
).difference(_UNSTRUCK | {"set_faults"})
"""Every call that can be struck, by its name in a plan."""
