"""docs/configuration.md is true: its defaults, its bad values, and who decides about which flag."""

from __future__ import annotations

import pathlib
import re

import pytest

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.worker_command import start_command
from ray_ascend.errors import ConfigurationError

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "configuration.md"


def rows_of(section: str) -> list[list[str]]:
    """Give the cells of a section's table, without its head."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line.strip("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


BAD_VALUES = [
    (*cells[0].strip("`").split("=", 1), cells[1].strip("`")) for cells in rows_of("Bad values")
]


def test_the_defaults_are_as_documented() -> None:
    """The column of defaults gives the values of a driver that sets nothing."""
    documented = {name.strip("`"): default.strip("`") for name, default, *_ in rows_of("Variables")}

    unset, blank = BackendConfig.from_env({}), BackendConfig.from_env(dict.fromkeys(documented, ""))
    written = BackendConfig.from_env(documented)

    assert written == unset == blank
    assert "" not in {documented["YR_DS_INIT_MODE"], documented["YR_DS_WORKER_PORT"]}


@pytest.mark.parametrize(("variable", "value", "begin"), BAD_VALUES)
def test_bad_values_say_what_is_documented(variable: str, value: str, begin: str) -> None:
    """Every example of a bad value is refused with that text."""
    with pytest.raises(ConfigurationError) as raised:
        BackendConfig.from_env({variable: value})

    assert str(raised.value).startswith(begin)


def test_flags_are_decided_about_as_documented() -> None:
    """The page lists the flags that are refused, and those that this package chooses."""
    refused, chosen, _ = [
        re.findall("`(.+?)`", cells[0]) for cells in rows_of("The workers' flags")
    ]

    for flag in refused:
        with pytest.raises(ConfigurationError, match=f"--{flag} is set through"):
            BackendConfig.from_env({"YR_DS_WORKER_ARGS": f"--{flag} 1"})
    etcd = BackendConfig(mode="etcd", etcd_address="a:1")
    commands = [start_command(config, Placement(), "h", "") for config in (BackendConfig(), etcd)]
    ours = {word[2:] for command in commands for word in command if word.startswith("--")}
    assert ours == {*refused, *chosen}
