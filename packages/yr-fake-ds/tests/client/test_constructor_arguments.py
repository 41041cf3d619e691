"""Every argument of every client changes something, or is listed as one that does not."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any, Final

import pytest

from yr_fake_ds.client.session import Session
from yr_fake_ds.sdk.client_arguments import WITHOUT_EFFECT
from yr_fake_ds.sdk.exports import PUBLIC_NAMES
from yr_fake_ds.supported_api import CLIENTS

REQUIRED: Final = {"host": "127.0.0.1", "port": 1, "device_id": 0}
OTHERS: Final = {str: "other", bool: True, int: 4321}


def client_class(name: str) -> Any:
    """Return the class; DsTensorClient needs torch."""
    if name == "DsTensorClient":
        pytest.importorskip("torch")
    return getattr(importlib.import_module(PUBLIC_NAMES[name]), name)


def parameters(name: str) -> dict[str, inspect.Parameter]:
    """Return what the constructor takes."""
    return dict(inspect.signature(client_class(name)).parameters)


def made(name: str, **changed: Any) -> Any:
    """Make a client that does not connect."""
    needed = {key: REQUIRED[key] for key in parameters(name) if key in REQUIRED}
    return client_class(name)(**(needed | changed))


def effects(client: Any) -> Iterator[object]:
    """Yield all that a client keeps of its arguments: what it and its session know."""
    for key, value in sorted(vars(client).items()):
        if isinstance(value, Session):
            yield key, value._options
        elif key.endswith("_client"):
            yield from effects(value)
        elif isinstance(value, int | str):
            yield key, value


def is_without_effect(client: str, argument: str) -> bool:
    """Tell whether a client made with another value of the argument is as one made without."""
    kind = type(REQUIRED.get(argument, parameters(client)[argument].default))
    changed = {argument: OTHERS[kind]}
    return list(effects(made(client, **changed))) == list(effects(made(client)))


@pytest.mark.parametrize("client", CLIENTS)
def test_an_argument_without_effect_is_listed(client: str) -> None:
    """None is silently ignored, and none that works is listed."""
    ignored = {name for name in parameters(client) if is_without_effect(client, name)}

    assert ignored == WITHOUT_EFFECT.keys() & parameters(client).keys()


def test_every_client_is_looked_at() -> None:
    """All but the one that is refused are."""
    clients = {name for name in PUBLIC_NAMES if name.endswith("Client")}

    assert set(CLIENTS) == clients - {"StreamClient"}
