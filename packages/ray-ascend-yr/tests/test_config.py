"""Configuration: the driver's environment."""

from __future__ import annotations

import pytest

from ray_ascend.backend.config import BackendConfig
from ray_ascend.errors import ConfigurationError
from ray_ascend.variables import seconds


def test_defaults() -> None:
    """Nothing needs to be set."""
    config = BackendConfig.from_env({})

    assert (config.mode, config.worker_port, config.metastore_port) == ("metastore", 31501, 2379)


def test_blank_is_unset() -> None:
    """Blank variables count as unset."""
    blank = dict.fromkeys(
        (
            *("YR_DS_INIT_MODE", "YR_DS_WORKER_PORT", "YR_DS_ETCD_ADDRESS"),
            *("YR_DS_WORKER_ARGS", "YR_DS_WORKER_ENV"),
        ),
        " ",
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
        ("YR_DS_ETCD_ADDRESS", "a:1 b:2", "'a:1 b:2' must be HOST:PORT"),
        ("YR_DS_ETCD_ADDRESS", "::1:2379", "IPv6 in brackets"),
        ("YR_DS_WORKER_ARGS", "--remote_h2d_device_ids npu:0", "numbers of NPUs"),
        ("YR_DS_WORKER_ARGS", "--remote_h2d_device_ids=0,,1", "numbers of NPUs"),
        ("YR_DS_WORKER_ARGS", "--remote_h2d_device_ids '0, 1'", "without blanks"),
        ("YR_DS_WORKER_ARGS", "--remote_h2d_device_ids 1,2,01", "different numbers"),
        ("YR_DS_WORKER_ARGS", "--remote_h2d_device_ids -1", "numbers of NPUs"),
        ("YR_DS_WORKER_ENV", "UCX_TLS", "'UCX_TLS' is no NAME=VALUE"),
        ("YR_DS_WORKER_ENV", "A=1 A=2", "A is there twice"),
        ("YR_DS_WORKER_ENV", "A='x", "quotation"),
        ("YR_DS_WORKER_ENV", "1A=x", "NAME=VALUE"),
        ("RAY_ASCEND_DEAD_ACTOR_GRACE_S", "nan", "number of seconds"),
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


@pytest.mark.parametrize("ids", ["0", "0,1,2,3", "10,2", "''"])
def test_numbers_of_npus_are_accepted(ids: str) -> None:
    """Remote host-to-device ids are kept as they are; an empty value switches it off."""
    config = BackendConfig.from_env({"YR_DS_WORKER_ARGS": f"--remote_h2d_device_ids {ids}"})

    assert config.worker_args == (("remote_h2d_device_ids", ids.strip("'")),)


def test_variables_of_the_workers_are_split_like_a_shell_does() -> None:
    """A value may be empty, and have blanks and equals signs."""
    config = BackendConfig.from_env({"YR_DS_WORKER_ENV": "A= B='b  c' C=x=y"})

    assert config.worker_env == (("A", ""), ("B", "b  c"), ("C", "x=y"))


def test_the_visible_npus_are_said_once() -> None:
    """The flag for remote copies sets them, so the variable beside it is refused."""
    both = {
        "YR_DS_WORKER_ARGS": "--remote_h2d_device_ids 0,1",
        "YR_DS_WORKER_ENV": "ASCEND_RT_VISIBLE_DEVICES=0",
    }

    with pytest.raises(ConfigurationError, match="leave it out of one of them") as raised:
        BackendConfig.from_env(both)

    assert raised.value.name == "YR_DS_WORKER_ENV"


def test_each_difference_is_named_with_both_values() -> None:
    """Two configurations differ by variables, not by how a value is written."""
    flags = {"YR_DS_WORKER_ARGS": "--a 1 --b 2"}
    there = BackendConfig.from_env({**flags, "YR_DS_WORKER_ENV": "A=1 B='b c'"})
    here = {"YR_DS_WORKER_ARGS": "--b=2 --a 1", "YR_DS_WORKER_ENV": "B=b\\ c"}

    differences = BackendConfig.from_env({"YR_DS_WORKER_PORT": "1234", **here}).differences(there)

    assert differences == [
        "YR_DS_WORKER_PORT is '31501' there and '1234' here",
        """YR_DS_WORKER_ENV is "A=1 'B=b c'" there and "'B=b c'" here""",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [("YR_DS_ETCD_ADDRESS", "a:1", []), ("YR_DS_METASTORE_PORT", "1", ["YR_DS_METASTORE_PORT"])],
)
def test_a_variable_of_the_other_mode_makes_no_difference(
    variable: str, value: str, named: list[str]
) -> None:
    """In metastore mode the address of an etcd is not looked at."""
    differences = BackendConfig.from_env({variable: value}).differences(BackendConfig())

    assert [difference.split()[0] for difference in differences] == named


def test_a_time_that_is_none_is_named() -> None:
    """Every variable that is a time says so in the same way."""
    with pytest.raises(ConfigurationError, match="RAY_ASCEND_HCCL_RENDEZVOUS_S='soon'"):
        seconds({"RAY_ASCEND_HCCL_RENDEZVOUS_S": "soon"}, "RAY_ASCEND_HCCL_RENDEZVOUS_S", 30.0)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ("--etcd_username me", "--etcd_password has no value"),
        ("--etcd_password it", "--etcd_username has no value"),
        ("--enable_etcd_auth true --etcd_ca a", "--etcd_cert, --etcd_key has no value"),
        ("--etcd_username me --etcd_password it", "--etcd_username is for YR_DS_INIT_MODE=etcd"),
        (
            "--enable_etcd_auth yes --etcd_ca a --etcd_cert b --etcd_key c",
            "--enable_etcd_auth is for YR_DS_INIT_MODE=etcd",
        ),
    ],
)
def test_flags_for_etcd_are_whole_and_for_etcd(flags: str, problem: str) -> None:
    """What a worker would take for nothing, or never start with, is a bad value."""
    with pytest.raises(ConfigurationError, match=problem) as raised:
        BackendConfig.from_env({"YR_DS_WORKER_ARGS": flags})

    assert raised.value.name == "YR_DS_WORKER_ARGS"
