"""A peer's process: `python -m peers.worker MODULE` does what comes through standard input.

The process keeps to one processor, so that no library spreads over more, and none pays for moving.
There its own processor time is what the clock on the wall shows on an idle machine, and is measured
instead: then other programs do not count. Where the system offers no such hold, the clock counts.

A request is ("prepare", function, task), which calls MODULE.function(task) and keeps the `Advance`
that it returns; or ("advance", number, iterations), which runs the one with that number. A reply is
a dictionary with the result, or with an "error".
"""

import importlib
import os
import pickle
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from peers.task import Advance

Clock = Callable[[], float]


def main() -> None:
    """Serve requests until the input ends."""
    clock = time.perf_counter
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        clock = time.process_time
    # Libraries print what they like; only replies may reach the pipe.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    prepared: list[Advance] = []
    module: ModuleType | None = None
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            module = module or importlib.import_module(sys.argv[1])
            reply = _answer(module, prepared, request, clock)
        except Exception as error:  # noqa: BLE001  # The other side reports it and goes on.
            reply = {"error": f"{type(error).__name__}: {error}"}
        pickle.dump(reply, replies)
        replies.flush()


def _answer(
    module: ModuleType, prepared: list[Advance], request: Any, clock: Clock
) -> dict[str, Any]:
    kind, which, argument = request
    if kind == "prepare":
        prepared.append(getattr(module, which)(argument))
        return {"number": len(prepared) - 1}
    begin = clock()
    record = prepared[which](argument)
    seconds = clock() - begin
    return {"seconds": seconds, "record": tuple(record)}


if __name__ == "__main__":
    main()
