"""What training asks of the machine: one BLAS thread, and interrupts that wait for a moment."""

import functools
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController


class _SharedLimit:
    """One thread for libraries whose threads belong to the whole process.

    The first who asks sets it, the last who leaves lifts it, in whichever Python threads they are.
    Both may be cut short by an interrupt: to leave again then puts things right.
    """

    def __init__(self, libraries: list[Any]) -> None:
        self._lock = threading.Lock()
        self._users: set[object] = set()
        self._libraries = libraries
        self._former: list[int] | None = None

    def enter(self, user: object) -> None:
        with self._lock:
            self._users.add(user)
            if self._former is None:
                self._former = [library.num_threads for library in self._libraries]
            _limit(self._libraries, [1] * len(self._libraries))

    def leave(self, user: object) -> None:
        with self._lock:
            self._users.discard(user)
            if not self._users and self._former is not None:
                _limit(self._libraries, self._former)
                self._former = None


def _limit(libraries: Iterable[Any], threads: Iterable[int]) -> None:
    for library, count in zip(libraries, threads, strict=True):
        # Since threadpoolctl 3.8 the first Python thread that sets a limit keeps all others from
        # it, without a word, for as long as it lives.
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)
        library.set_num_threads(count)


@functools.cache
def _blas() -> tuple[_SharedLimit, list[Any]]:
    """Return the limit of the libraries with one pool of threads, and those with one a caller."""
    # Finding the libraries takes a few milliseconds, so it is done once.
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    apart = [one for one in found if getattr(one, "threading_layer", "") == "openmp"]
    return _SharedLimit([one for one in found if one not in apart]), apart


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the matrix products to one thread: at these sizes a second one only burns a core.

    The number of threads belongs to the process, not to a Python thread. So uses nest, also
    across threads, and the last one to leave restores what was before the first.
    """
    shared, apart = _blas()
    former, user = [library.num_threads for library in apart], object()
    try:
        shared.enter(user)
        _limit(apart, [1] * len(apart))
        yield
    finally:
        try:
            shared.leave(user)
        finally:
            # Once more, since an interrupt may have cut that short.
            shared.leave(user)
            _limit(apart, former)


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


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Start processes and threads that Ctrl-C does not reach, where the system can do that.

    They inherit that this signal is blocked. Here it is delivered afterwards, at the latest.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@functools.cache
def largest_unpacked() -> int:
    """Return up to how many numbers a product A.T B may have that is made without copying A and B.

    OpenBLAS copies ("packs") the factors of a product so that its kernel finds them in the order
    of their use. For AVX-512 it has kernels for small products that do without; of the four ways
    in which factors can be transposed, the one with both along the sum has this limit. Elsewhere
    there are no such kernels, and the result is 0.
    """
    found = ThreadpoolController().select(internal_api="openblas").lib_controllers
    kernels = {getattr(one, "architecture", "") for one in found}
    return 1200 if kernels and kernels <= {"SkylakeX", "Cooperlake", "SapphireRapids"} else 0


def processors() -> int:
    """Return how many processors this process may use; a browser's Python starts no processes."""
    if sys.platform == "emscripten":
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
