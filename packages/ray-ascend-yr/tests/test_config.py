"""Configuration: the driver's environment."""

from __future__ import annotations

import pytest

from ray_ascend.config import BackendConfig
from ray_ascend.errors import ConfigurationError


def test_defaults() -> None:
    """Nothing needs to be set."""
    config = BackendConfig.from_env({})

    assert (config.mode, config.worker_port, config.metastore_port) == ("metastore", 31501, 2379)


def test_blank_is_unset() -> None:
    """Blank variables count as unset."""
    blank = dict.fromkeys(
        ("YR_DS_INIT_MODE", "YR_DS_WORKER_PORT", "YR_DS_WORKER_ARGS", "YR_DS_ETCD_ADDRESS"), " "
    )

    assert BackendConfig.from_env(blank) == BackendConfig()


def test_worker_arguments_are_split_like_a_shell_does() -> None:
    """Both ways to write a flag work, and quotes keep words together."""
    text = "--shared_memory_size_mb 64 --log_dir='/a b' --enable_huge_tlb=true"

    config = BackendConfig.from_env({"YR_DS_WORKER_ARGS": text})

    assert config.worker_args == (
        ("shared_memory_size_mb", "64"),
        ("log_dir", "/a b"),
        ("enable_huge_tlb", "true"),
    )


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("YR_DS_INIT_MODE", "foo", "'metastore' or 'etcd'"),
        ("YR_DS_WORKER_PORT", "abc", "1 to 65535"),
        ("YR_DS_WORKER_PORT", "0", "1 to 65535"),
        ("YR_DS_METASTORE_PORT", "99999", "1 to 65535"),
        ("YR_DS_METASTORE_PORT", "31501", "must differ"),
        ("YR_DS_ETCD_ADDRESS", "http://host:2379", "HOST:PORT"),
        ("YR_DS_ETCD_ADDRESS", "host", "'host' must be HOST:PORT"),
        ("YR_DS_ETCD_ADDRESS", "a:1,b:0", "'b:0' must be HOST:PORT"),
        ("YR_DS_ETCD_ADDRESS", "a:1,", "'' must be HOST:PORT"),
        ("YR_DS_WORKER_PORT", "9" * 5000, "1 to 65535"),
        ("YR_DS_WORKER_ARGS", "--a 1 --a=2", "--a is there twice"),
        ("YR_DS_WORKER_ARGS", "--a", "has no value"),
        ("YR_DS_WORKER_ARGS", "word", "is not a flag"),
        ("YR_DS_WORKER_ARGS", "--a 'x", "quotation"),
        ("YR_DS_WORKER_ARGS", "--worker_address 1.2.3.4:5", "YR_DS_WORKER_PORT"),
        ("RAY_ASCEND_DEAD_ACTOR_GRACE_S", "soon", "number of seconds"),
        ("RAY_ASCEND_DEAD_ACTOR_GRACE_S", "-1", "0 or more"),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str, hint: str) -> None:
    """The error names the variable, shows its value and says what is allowed."""
    with pytest.raises(ConfigurationError) as raised:
        BackendConfig.from_env({variable: value})

    assert raised.value.name == variable
    assert variable in str(raised.value)
    assert hint.lower() in str(raised.value).lower()


def test_etcd_mode_needs_an_address() -> None:
    """Mode etcd without an address names the variable that is missing."""
    with pytest.raises(ConfigurationError, match="YR_DS_ETCD_ADDRESS is not set"):
        BackendConfig.from_env({"YR_DS_INIT_MODE": "etcd"})


def test_several_etcd_members_are_given_without_blanks() -> None:
    """The worker takes one word, so blanks beside the commas are dropped."""
    config = BackendConfig.from_env({"YR_DS_ETCD_ADDRESS": " a:1 , [::1]:2 "})

    assert config.etcd_address == "a:1,[::1]:2"
