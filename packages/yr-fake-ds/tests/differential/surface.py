"""Prints the public surface of `yr.datasystem` as JSON; run under either SDK's interpreter."""

import enum
import importlib
import inspect
import json
import sys

MODULES = [
    "yr.datasystem",
    "yr.datasystem._transfer_engine",
    "yr.datasystem.ds_client",
    "yr.datasystem.ds_tensor_client",
    "yr.datasystem.hetero_client",
    "yr.datasystem.kv_client",
    "yr.datasystem.object_client",
    "yr.datasystem.stream_client",
    "yr.datasystem.util",
]
BINDINGS = "yr.datasystem.lib.libds_client_py"


def describe_parameter(parameter: inspect.Parameter) -> str:
    """Return name, kind and default in a form that both SDKs can be compared by."""
    default = parameter.default
    shown = "" if default is inspect.Parameter.empty else f"={default!r}"
    if " object at 0x" in shown:
        shown = f"=<{type(default).__name__}>"
    return f"{parameter.kind.name} {parameter.name}{shown}"


def describe_class(cls: type) -> dict[str, object]:
    """Return the public methods of a class with their parameters, or an enumeration's members."""
    if issubclass(cls, enum.Enum):
        return {name: repr(member) for name, member in cls.__members__.items()}
    methods: dict[str, object] = {}
    for name, value in inspect.getmembers(cls, callable):
        if name.startswith("_") and name != "__init__":
            continue
        try:
            parameters = inspect.signature(value).parameters.values()
        except (TypeError, ValueError):
            continue
        methods[name] = [describe_parameter(parameter) for parameter in parameters]
    return methods


def describe_module(name: str) -> dict[str, object]:
    """Return the public classes of the SDK that a module offers."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        # DsTensorClient needs torch; both interpreters have it or the comparison shows it.
        return {}
    classes = {
        key: value
        for key, value in vars(module).items()
        if inspect.isclass(value) and not key.startswith("_")
    }
    return {
        key: describe_class(value)
        for key, value in classes.items()
        if value.__module__.split(".")[0] in {"yr", "yr_fake_ds"}
        and "libds" not in value.__module__
    }


def identities(name: str) -> dict[str, str]:
    """Return what each class of a module says that it is."""
    module = importlib.import_module(name)
    return {
        f"{name}.{key}": f"{value.__module__}.{value.__qualname__}"
        for key, value in sorted(vars(module).items())
        if inspect.isclass(value) and not key.startswith("_")
    }


if __name__ == "__main__":
    surface: dict[str, object] = {name: describe_module(name) for name in MODULES}
    known: dict[str, str] = {}
    for name in (*MODULES, BINDINGS):
        # DsTensorClient needs torch, which the one interpreter may have and the other not.
        if surface.get(name) or name == BINDINGS:
            known |= identities(name)
    json.dump({"surface": surface, "identities": known}, sys.stdout)
