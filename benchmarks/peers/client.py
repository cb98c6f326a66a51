"""The other side of a peer's process, and the environment that the process runs in."""

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from peers.task import Record, Task

HERE = Path(__file__).resolve().parents[1]

ENVIRONMENTS = HERE / ".venv"
"""One environment for each peer, since their dependencies may exclude each other."""

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class PeerError(Exception):
    """A peer cannot be installed, or does not do what it was asked for."""


@dataclass(frozen=True)
class Library:
    """What a peer needs installed.

    Parameters
    ----------
    name : str
        The folder of its environment.
    requirements : tuple of str
        For pip.
    """

    name: str
    requirements: tuple[str, ...]

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        folder = "Scripts" if os.name == "nt" else "bin"
        return ENVIRONMENTS / self.name / folder / "python"

    def install(self) -> None:
        """Make the environment, unless it holds these requirements already.

        Raises
        ------
        PeerError
            If that fails.
        """
        stamp = ENVIRONMENTS / self.name / ".installed"
        wanted = "\n".join(self.requirements)
        if self.python.exists() and stamp.exists() and stamp.read_text() == wanted:
            return
        print("Installing", *self.requirements, file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(stamp.parent)])
        _run([str(self.python), "-m", "pip", "install", "--quiet", *self.requirements])
        stamp.write_text(wanted)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise PeerError(next((line for line in lines[::-1] if "ERROR" in line), "pip failed"))


class Timed(NamedTuple):
    """How long so many iterations took, and what was recorded."""

    seconds: float
    record: Record


class Process:
    """A peer's process, which waits idle until it is asked for something.

    Parameters
    ----------
    python : Path
        The interpreter.
    module : str
        What `peers.worker` shall import.
    """

    def __init__(self, python: Path, module: str) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", "peers.worker", module],
            cwd=HERE,
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _ask(self, *request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            reply: dict[str, Any] = pickle.load(self._process.stdout)
        except (OSError, EOFError) as error:
            raise PeerError("its process ended") from error
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply

    def prepare(self, function: str, task: Task) -> int:
        """Have the module's function called with a task; return the number to `advance` it by."""
        number: int = self._ask("prepare", function, task)["number"]
        return number

    def advance(self, number: int, iterations: int) -> Timed:
        """Have so many iterations made."""
        reply = self._ask("advance", number, iterations)
        return Timed(reply["seconds"], Record(*reply["record"]))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@dataclass
class Runner:
    """One program on one task, in its process, with the time of each round."""

    process: Process
    number: int
    iterations: int

    def round(self) -> Timed:
        """Make one round."""
        return self.process.advance(self.number, self.iterations)


def interleave(runners: dict[str, Runner], rounds: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return the microseconds an iteration of each runner in each round.

    All runners take their turn in each round, so that a disturbance of the machine meets them all;
    the order changes from round to round.
    """
    order = list(runners)
    times: dict[str, list[float]] = {name: [] for name in order}
    for _ in range(rounds):
        for name in order:
            runner = runners[name]
            times[name].append(1e6 * runner.round().seconds / runner.iterations)
        order.append(order.pop(0))
    return {name: np.array(values) for name, values in times.items()}
