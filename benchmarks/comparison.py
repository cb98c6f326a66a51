"""The published comparison in a bare process: prints its seconds and its memory in MB.

`python comparison.py together 50000` trains the lecture's two networks with `train_together`,
`python comparison.py in-turn 50000` one after the other with `train`.
"""

import json
import sys
import time

from vanishing import lecture, train, train_together

BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024
"""The unit in which the system states a process's memory."""


def main(way: str, iterations: int) -> None:
    """Train both networks, then print a line of JSON."""
    data, *networks = lecture.setup()
    begin = time.perf_counter()
    if way == "together":
        train_together(networks, data, iterations=iterations, progress=False)
    else:
        for network in networks:
            train(network, data, iterations=iterations, progress=False)
    seconds = time.perf_counter() - begin
    children = len(networks) if way == "together" else 0
    print(json.dumps({"seconds": seconds, "peak": _peak(children)}))


def _peak(children: int) -> float | None:
    """Return at most how many MB all processes held, memory that they share counted for each."""
    try:
        import resource
    except ImportError:  # On Windows.
        return None
    if children:
        from loky import get_reusable_executor

        # Only of a process that has ended does the system tell the memory.
        get_reusable_executor().shutdown()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return float(own + children * largest_child) * BYTES_A_UNIT / 1e6


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
