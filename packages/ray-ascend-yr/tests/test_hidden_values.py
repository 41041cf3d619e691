"""What a user says of passwords is shown to nobody."""

from __future__ import annotations

import pytest

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.hidden_values import without_secrets
from ray_ascend.doctor.configuration import compare, describe
from ray_ascend.doctor.finding import Finding
from ray_ascend.doctor.presentation import as_json, as_text
from ray_ascend.errors import ConfigurationError

ETCD = {"YR_DS_INIT_MODE": "etcd", "YR_DS_ETCD_ADDRESS": "h:1"}


def config_of(password: str) -> BackendConfig:
    """Settings with a password."""
    flags = f"--etcd_username me --etcd_password {password}"
    return BackendConfig.from_env({**ETCD, "YR_DS_WORKER_ARGS": flags})


@pytest.mark.parametrize(
    "text",
    [
        "--etcd_password secret --v 1",
        "--etcd_password=secret --v 1",
        "--etcd_password 'secret word' --v 1",
        "--etcd_password=\"a 'secret'\"\\ word --v 1",
        "-etcd_password=secret --v 1",
        "--tenant_secret_key secret --v 1",
    ],
)
def test_a_secret_is_hidden_however_quoted(text: str) -> None:
    """What follows is still there."""
    shown = without_secrets(text)

    assert "secret word" not in shown.replace("secret_key", "")
    assert shown.endswith("*** --v 1")


def test_an_open_quotation_hides_the_rest() -> None:
    """Nobody knows where the value ends."""
    assert without_secrets("--etcd_password 'a secret --v 1") == "--etcd_password ***"


@pytest.mark.parametrize("flags", ["--v", "'", "--no-flag 1", "secret --v 1"])
def test_a_bad_value_does_not_tell_the_password(flags: str) -> None:
    """The error repeats the variable, but not the secret in it."""
    arguments = f"--etcd_password secret {flags}"

    with pytest.raises(ConfigurationError, match="YR_DS_WORKER_ARGS") as raised:
        BackendConfig.from_env({"YR_DS_WORKER_ARGS": arguments})

    assert "'secret'" not in str(raised.value)
    assert "password secret" not in str(raised.value)


def test_a_difference_does_not_tell_the_password() -> None:
    """That passwords differ is told, and not how."""
    (difference,) = config_of("one").differences(config_of("two"))

    assert difference.count("***") == 2
    assert not {"one", "two"} & set(difference.split())


def test_the_doctor_does_not_tell_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in its lines nor in its details."""
    monkeypatch.setenv("YR_DS_INIT_MODE", "etcd")
    config = config_of("word123")
    details = {"worker_args": [list(pair) for pair in config.worker_args]}
    said = [describe(config), *compare(config, config_of("word456"))]

    findings = [Finding("coordinator", "ok", " ".join(said), details=details)]

    assert "word" not in as_text(findings).replace("password", "")
    assert "word" not in as_json(findings).replace("password", "")
