"""Which module may import which: the plan of each package, checked by reading the imports.

    transport      Ray's interface
      |
    npu -> cpu     the kinds of device
      |
    objects        what a transfer is about        doctor
      |                                              |
    store          the SDK in one process   <----  backend     what runs the datasystem
      |
    metrics        what is counted

    hccl_transport -> collective    ray.util.collective on HCCL, and Ray's interface again

`ROOMS` names, for each room of a package, the rooms below it that it may use. Modules beside the
rooms that are in `GROUND` may be used by all; the others use what they like, and nobody uses them.
Nowhere do modules import each other in a circle.
"""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator, Mapping
from typing import Final

Imports = Mapping[str, frozenset[str]]
"""Of each module the modules of its package that it imports, wherever in the file that stands."""

ROOMS: Final[dict[str, dict[str, str]]] = {
    "ray_ascend": {
        "transport": "objects cpu npu store backend metrics",
        "cpu": "objects store",
        "npu": "cpu objects store",
        "objects": "store",
        "store": "metrics",
        "metrics": "",
        "backend": "store metrics",
        "doctor": "backend store",
        "collective": "",
        "hccl_transport": "collective transport npu objects",
    },
}
GROUND: Final = {
    "ray_ascend": {
        *("_installation", "_version", "announcement", "errors", "ray_internals", "variables"),
    },
}


def problems(source: pathlib.Path) -> Iterator[str]:
    """Yield one line for every arrow that breaks the plan of a package (`src/ray_ascend`)."""
    imports = imports_of(source)
    yield from _forbidden(source.name, imports)
    for circle in circles(imports):
        yield f"{source}: modules import each other: {' -> '.join(circle)}"


def imports_of(source: pathlib.Path) -> Imports:
    """Read the imports of all modules below a package's directory."""
    paths = {_name(source, path): path for path in source.rglob("*.py")}
    return {name: frozenset(_imported(path, paths)) - {name} for name, path in paths.items()}


def circles(imports: Imports) -> list[list[str]]:
    """Find modules that import each other, each circle once."""
    found: dict[frozenset[str], list[str]] = {}
    for start in sorted(imports):
        if path := _way_back(imports, start):
            found.setdefault(frozenset(path), path)
    return list(found.values())


def _forbidden(package: str, imports: Imports) -> Iterator[str]:
    rooms, ground = ROOMS.get(package, {}), GROUND.get(package, set())
    for module in sorted(imports):
        room = _room(module)
        if room not in rooms:
            continue
        allowed = {room, *rooms[room].split(), *ground, ""}
        for used in sorted(imports[module]):
            if _room(used) not in allowed:
                yield f"{module} imports {used}, which {room} may not: see ROOMS in ci/arrows.py"


def _way_back(imports: Imports, start: str) -> list[str]:
    """Give the shortest way from a module to itself, if there is one."""
    ways, seen = [[start]], {start}
    for way in ways:
        for used in sorted(imports[way[-1]]):
            if used == start:
                return [*way, start]
            if used not in seen:
                seen.add(used)
                ways.append([*way, used])
    return []


def _imported(path: pathlib.Path, known: Mapping[str, pathlib.Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                name = below if below in known else node.module
                if name in known:
                    yield name


def _name(source: pathlib.Path, path: pathlib.Path) -> str:
    parts = path.relative_to(source.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _room(module: str) -> str:
    return [*module.split("."), ""][1]
