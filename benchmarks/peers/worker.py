"""A peer's process: `python -m peers.worker MODULE` does what comes through standard input.

The process keeps to one processor, so that no library spreads over more, and none pays for moving.
There its own processor time is what the clock on the wall shows on an idle machine, and is measured
instead: then other programs do not count. Where the system offers no such hold, the clock counts.

A request is a method of `Worker` and its arguments; a reply is a dictionary with the result, or
with an "error".
"""

import importlib
import importlib.util
import os
import pickle
import re
import sys
import time
from pathlib import Path
from typing import Any

from peers.task import Advance, Record, Task


class Worker:
    """What a process can be asked for.

    Parameters
    ----------
    module : str
        Where the programs are.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._prepared: list[Advance] = []
        self._since = time.monotonic()
        self._clock = time.perf_counter
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            self._clock = time.process_time

    def prepare(self, function: str, task: Task) -> int:
        """Have a function of the module prepare a task; return the number to `advance` it by."""
        self._prepared.append(getattr(importlib.import_module(self._module), function)(task))
        self._since = time.monotonic()
        return len(self._prepared) - 1

    def advance(self, number: int, iterations: int) -> tuple[float, Record]:
        """Make so many iterations; return the seconds that they took, and what they recorded."""
        begin = self._clock()
        record = self._prepared[number](iterations)
        return self._clock() - begin, record

    def in_force(self) -> str:
        """Return which instructions the libraries here say, and the system saw, that they use."""
        told = [f"NumPy {_numpy()}"]
        if importlib.util.find_spec("threadpoolctl"):
            pools = importlib.import_module("threadpoolctl").threadpool_info()
            told += [f"OpenBLAS {pool['architecture']}" for pool in pools if "architecture" in pool]
        if "torch" in sys.modules:
            told.append(f"PyTorch {sys.modules['torch'].backends.cpu.get_cpu_capability()}")
        seen = avx512_seen(1000 * (time.monotonic() - self._since))
        if seen is not None:
            told.append(f"AVX-512 registers {'' if seen else 'not '}in use")
        return ", ".join(dict.fromkeys(told))


def _numpy() -> str:
    """Return the highest group of instructions that NumPy has loops for, and uses."""
    core: Any = importlib.import_module("numpy._core._multiarray_umath")
    used = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    return used[-1] if used else "baseline"


def avx512_seen(milliseconds: float, threads: Path = Path("/proc/self/task")) -> bool | None:
    """Tell whether a thread of this process has used AVX-512 registers in the last milliseconds.

    Linux notes when it saw them in use, at each change of thread. Other systems do not tell: None.
    """
    texts = [path.read_text() for path in threads.glob("*/arch_status")]
    ages = [int(age) for text in texts for age in re.findall(r"AVX512_elapsed_ms:\s*(\S+)", text)]
    return any(0 <= age < milliseconds for age in ages) if ages else None


def main() -> None:
    """Serve requests until the input ends."""
    # Libraries print what they like; only replies may reach the pipe.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    while True:
        try:
            method, *arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            reply = {"result": getattr(worker, method)(*arguments)}
        except Exception as error:  # noqa: BLE001  # The other side reports it and goes on.
            reply = {"error": f"{type(error).__name__}: {error}"}
        pickle.dump(reply, replies)
        replies.flush()


if __name__ == "__main__":
    main()
