"""Which clauses are about which call and which status, read from sentences and from the tests.

    sentence   `get` answers per position ...            --> get
    test       client.get_buffers(...)                   --> get_buffers
    test       npu0.ask("dev_mget", ...)                 --> dev_mget
    test       raises_status("Key not found")            --> Key not found

A test's own helpers in its file count, what fixtures do does not.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from yr_conformance.clauses import Clause

_OF_HOSTS = """
create delete exist expire g_decrease_ref g_increase_ref generate_key generate_object_id get
get_buffers get_read_only_buffers health_check init mcreate mset mset_buffer msettx put
query_global_ref_num read set set_value
"""
_OF_DEVICES = """
async_dev_delete async_mget_h2d async_mset_d2h batch_transfer_sync_read dev_delete
dev_local_delete dev_mget dev_mget_into_tensor dev_mset dev_publish dev_recv dev_send
dev_subscribe get_meta_info get_page_attn_layerwise_d2d mget_h2d mget_page_attn_blockwise_h2d
mset_d2h mset_page_attn_blockwise_d2h put_page_attn_layerwise_d2d register_memory
transfer_sync_read unregister_memory
"""
_OF_BUFFERS = """
get_size immutable_data invalidate_buffer memory_copy mutable_data publish rlatch seal unrlatch
unwlatch wlatch
"""
CALLS: Final = frozenset(f"{_OF_HOSTS} {_OF_DEVICES} {_OF_BUFFERS}".split())
"""Public methods of the SDK's clients (openyuanrong-datasystem 0.8.1)."""
STATUSES: Final = frozenset(
    {
        "Invalid parameter",
        "Key duplicated",
        "Key not found",
        "Not ready",
        "Object already exist error",
        "Object already sealed error",
        "Out of memory",
        "Out of range",
        "RPC deadline exceeded",
        "RPC unavailable",
        "Runtime error",
        "The future is timeout",
    }
)
"""Names of statuses as error texts have them."""
_OF_THE_SDK = re.compile(r"client|objects|buffer|engine", re.IGNORECASE)
_QUOTED = re.compile(r"`([^`]+)`")
_ELSEWHERE = re.compile(r"(ray(\.\w+|\s\w+)|dscli(\s\w+)?|--(?!flag\b)\w+)")


def by_call(clauses: Iterable[Clause], nodes: Mapping[str, str]) -> dict[str, list[str]]:
    """Give the ids of the clauses of each call; `nodes` are their tests (`catalogue.node_ids`)."""
    return _inverted(
        (one.id, {*_named_in(one.sentence), *_called_in(_body_of(nodes[one.id]))})
        for one in clauses
    )


def by_status(clauses: Iterable[Clause], nodes: Mapping[str, str]) -> dict[str, list[str]]:
    """Give the ids of the clauses whose tests name a status."""
    return _inverted(
        (one.id, {text for text in _texts_in(_body_of(nodes[one.id])) if text in STATUSES})
        for one in clauses
    )


def _named_in(sentence: str) -> Iterator[str]:
    for quoted in _QUOTED.findall(sentence):
        name = quoted.partition("(")[0].rpartition("KVClient.")[2]
        if name in CALLS:
            yield name
        elif found := _ELSEWHERE.match(name):
            yield found[0]


def _called_in(body: Sequence[ast.AST]) -> Iterator[str]:
    named = [node for node in body if isinstance(node, ast.Attribute) and node.attr in CALLS]
    yield from (one.attr for one in named if _OF_THE_SDK.search(ast.unparse(one.value)))
    # Names without an underscore are words that mean other things too.
    yield from (text for text in _texts_in(body) if text in CALLS and "_" in text)


def _texts_in(body: Iterable[ast.AST]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _body_of(node_id: str) -> list[ast.AST]:
    """Give all nodes of a test and of the functions of its file that it names."""
    module, _, name = node_id.partition("::")
    functions = _functions_of(module)
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one in functions and one not in found:
            found.add(one)
            nodes = ast.walk(functions[one])
            waiting += [node.id for node in nodes if isinstance(node, ast.Name)]
    return [node for one in sorted(found) for node in ast.walk(functions[one])]


@functools.cache
def _functions_of(module: str) -> Mapping[str, ast.FunctionDef]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module {module}, which a clause is in")
    tree = ast.parse(pathlib.Path(spec.origin).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _inverted(found: Iterable[tuple[str, set[str]]]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for clause_id, names in found:
        for name in names:
            index.setdefault(name, []).append(clause_id)
    return {name: sorted(index[name]) for name in sorted(index)}
