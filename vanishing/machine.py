"""What training asks of the machine: one BLAS thread, and interrupts that wait for a moment."""

import functools
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController


class _OneThread:
    """The process's limit of one BLAS thread: set by the first who asks, lifted by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        # Finding the libraries takes a few milliseconds.
        self._libraries = ThreadpoolController()
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._limit = self._libraries.limit(limits=1, user_api="blas")
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limit.restore_original_limits()


@functools.cache
def _one_thread() -> _OneThread:
    return _OneThread()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the matrix products to one thread: at these sizes a second one only burns a core.

    The number of threads belongs to the process, not to a Python thread. So uses nest, also
    across threads, and the last one to leave restores what was before the first.
    """
    _one_thread().enter()
    try:
        yield
    finally:
        _one_thread().leave()


@contextmanager
def interrupts_noted() -> Iterator[threading.Event]:
    """Note Ctrl-C and the stop button in the event returned, instead of raising KeyboardInterrupt.

    Whoever uses it looks at the event often, and stops at a moment of their own choice. Signals
    reach the main thread only; in other threads nothing is changed.
    """
    noted = threading.Event()
    usual = signal.getsignal(signal.SIGINT)
    in_charge = threading.current_thread() is threading.main_thread() and usual is not None
    if in_charge:
        signal.signal(signal.SIGINT, lambda *_: noted.set())
    try:
        yield noted
    finally:
        if in_charge:
            signal.signal(signal.SIGINT, usual)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
