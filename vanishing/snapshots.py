"""Snapshots: the networks a run had on its way, so that any of its iterations can be had again.

Gradient descent on the full batch draws nothing at random. So a network that is trained on from a
snapshot goes through the very numbers it went through before.
"""

from vanishing._checks import Array, instance, whole_number
from vanishing.history import History
from vanishing.network import Network
from vanishing.training import Trainer

STRIDE = 64
"""Iterations from one snapshot to the next, as long as there is room."""

MOST_BYTES = 8_000_000
"""What a run's snapshots take at most, if nothing else is said."""

FEWEST = 8
"""So many snapshots are kept of a network of any size."""


class Snapshots:
    """What a trainer went through: from time to time its network, thinned when they are too many.

    Parameters
    ----------
    trainer : Trainer
        At the beginning of what is to be kept.
    most_bytes : int
        What all of them take at most, but for a few of a very large network.

    Attributes
    ----------
    stride : int
        Iterations from one to the next; it doubles each time that there is no room left.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(self, trainer: Trainer, *, most_bytes: int = MOST_BYTES) -> None:
        self._trainer = instance("trainer", trainer, Trainer)
        room = whole_number("most_bytes", most_bytes, at_least=0)
        network = trainer.network
        size = sum(array.nbytes for array in (*network.weights, *network.biases))
        self._most = max(room // size, FEWEST)
        self._first = trainer.iteration
        self._kept: dict[int, Network] = {trainer.iteration: network}
        self.stride = STRIDE

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """What the snapshots' parameters take, in bytes."""
        return sum(
            array.nbytes
            for network in self._kept.values()
            for array in (*network.weights, *network.biases)
        )

    @property
    def due_in(self) -> int:
        """How many iterations the trainer is to make before `keep` is called again."""
        return self.stride - (self._trainer.iteration - self._first) % self.stride

    def keep(self) -> None:
        """Keep the network as it is now, if one is due."""
        now = self._trainer.iteration
        if (now - self._first) % self.stride == 0 and now not in self._kept:
            self._kept[now] = self._trainer.network
            if len(self._kept) > self._most:
                self.stride *= 2
                self._kept = {at: one for at, one in self._kept.items() if self._on_stride(at)}

    def _on_stride(self, iteration: int) -> bool:
        return (iteration - self._first) % self.stride == 0

    def at(self, iteration: int) -> Trainer:
        """Return a trainer that stands where this one stood after so many iterations.

        Parameters
        ----------
        iteration : int
            From the first one that was kept to the one where the trainer stands now.

        Returns
        -------
        Trainer
            With the same network and the same record, to the last digit: trained again from the
            nearest snapshot before. Where the trainer stands there now, itself.

        Raises
        ------
        TypeError, ValueError
            If the trainer was not there.
        """
        now = self._trainer.iteration
        wanted = whole_number("iteration", iteration, at_least=self._first, at_most=now)
        if wanted == now:
            return self._trainer
        # From one before, as the loss is known only of an iteration that is made.
        before = max((kept for kept in self._kept if kept < wanted), default=self._first)
        again = _Again(self._trainer, self._kept[before], before)
        again.advance(wanted - before)
        return again


class _Again(Trainer):
    """A trainer that goes once more where another one went.

    Parameters
    ----------
    trainer : Trainer
        The other one.
    network : Network
        What that had after so many iterations.
    iteration : int
        How many.
    """

    def __init__(self, trainer: Trainer, network: Network, iteration: int) -> None:
        self._whole: History = trainer.history
        super().__init__(
            network,
            trainer.data,
            step_size=trainer.step_sizes,
            regularization=trainer.regularization,
            dtype=trainer.precision,
            clip_norm=trainer.clip_norm,
            first_iteration=iteration,
        )

    @property
    def history(self) -> History:
        """The record of all iterations up to here, also of those before the snapshot."""
        known: Array = self._whole.iteration
        return self._whole.at(slice(0, int(known.searchsorted(self.iteration))))
