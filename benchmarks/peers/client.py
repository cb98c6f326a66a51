"""The other side of a peer's process, and the environment that the process runs in."""

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from peers.task import Record, Task

HERE = Path(__file__).resolve().parents[1]

ENVIRONMENTS = HERE / ".venv"
"""One environment for each peer, since their dependencies may exclude each other."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}

AVX2 = {
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL "
    "AVX512_SPR X86_V4",
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    # XLA has YNNPACK make products, which asks the processor and not XLA what there is.
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=",
    # The C library moves memory by what it finds, which would look like the peer's own doing.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512CD,-AVX512BW,-AVX512DQ,-AVX512VL",
}
"""What holds every library to AVX2."""


def unheld() -> dict[str, str]:
    """Return the environment, without settings of the user's that hold a library back."""
    held = {*AVX2, "OPENBLAS_L2_SIZE"}
    return {name: value for name, value in os.environ.items() if name not in held}


class PeerError(Exception):
    """A peer cannot be installed, or does not do what it was asked for."""


class Library:
    """What a peer needs installed, in an environment of its own.

    Parameters
    ----------
    requirements : str
        For pip; the first one's name is the environment's.
    """

    def __init__(self, *requirements: str) -> None:
        self.requirements = requirements
        self.name = requirements[0].split("=")[0]

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
        Where the programs are, for `peers.worker`.
    settings : mapping of str
        Environment variables of its own.
    """

    def __init__(self, python: Path, module: str, settings: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", "peers.worker", module],
            cwd=HERE,
            env={**unheld(), **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3", **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, method: str, *arguments: Any) -> Any:
        """Have a method of `peers.worker.Worker` called, and return its result.

        Raises
        ------
        PeerError
            If it fails there, or the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((method, *arguments), self._process.stdin)
            self._process.stdin.flush()
            reply: dict[str, Any] = pickle.load(self._process.stdout)
        except (OSError, EOFError) as error:
            raise PeerError("its process ended") from error
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply["result"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


class Runner:
    """One program on one task in its process, which makes so many iterations in a round."""

    def __init__(self, process: Process, function: str, task: Task, iterations: int) -> None:
        self.process, self.iterations = process, iterations
        self._number = process.ask("prepare", function, task)

    def round(self) -> Timed:
        """Make one round."""
        return Timed(*self.process.ask("advance", self._number, self.iterations))


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
