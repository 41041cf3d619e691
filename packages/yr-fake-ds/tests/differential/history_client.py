"""Makes calls as fast as it can and prints when each began and ended; run under either SDK.

    echo '[["set", "k", "a"], ["get", "k", ""]]' | python history_client.py PORT

prints `ready`, waits for that line, and answers with ``[[begin, end, what, key, argument,
result]]`` by the clock that all processes of the machine share.
"""

import json
import sys
import time
from typing import Any

from yr.datasystem import KVClient
from yr.datasystem.kv_client import ExistenceOpt

TIMEOUT_MS = 20_000


def answer(client: Any, what: str, key: str, argument: str) -> str:
    """Make one call and say what `linearizability.Call` knows of its result."""
    if what == "set":
        client.set(key, argument.encode())
        return ""
    if what == "delete":
        client.delete([key])
        return ""
    if what == "exist":
        return str(client.exist([key])[0])
    try:
        if what == "get":
            return str(client.get([key])[0].decode())
        client.msettx([key], [argument.encode()], existence_opt=ExistenceOpt.NX)
    except RuntimeError as error:
        expected = {"get": ("Key not found", "missing"), "add": ("already exist", "exists")}
        text, meant = expected[what]
        if text not in str(error):
            raise
        return meant
    return "ok"


def main() -> None:
    """Connect, wait, call, print."""
    client = KVClient("127.0.0.1", int(sys.argv[1]), TIMEOUT_MS, req_timeout_ms=TIMEOUT_MS)
    client.init()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    history = []
    for what, key, argument in json.loads(sys.stdin.readline()):
        begin = time.monotonic()
        result = answer(client, what, key, argument)
        history.append([begin, time.monotonic(), what, key, argument, result])
    sys.stdout.write(json.dumps(history) + "\n")


if __name__ == "__main__":
    main()
