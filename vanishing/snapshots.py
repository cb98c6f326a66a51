"""Snapshots: moments of a run, so that any of its iterations can be had again.

All that an iteration does follows from the parameters, from what the optimizer remembers, and from
the iteration's number, which decides the sentences that are drawn. So a trainer that goes on from a
snapshot goes through the very numbers it went through before.
"""

from typing import Generic, TypeVar

from vanishing._checks import shown, whole_number
from vanishing.optimizers import Moment
from vanishing.sequence_training import SequenceTrainer
from vanishing.training import Trainer

STRIDE = 64
"""Iterations from one snapshot to the next, as long as there is room."""

MOST_BYTES = 8_000_000
"""What a run's snapshots take at most, if nothing else is said."""

FEWEST, MOST = 8, 2000
"""So many snapshots are kept of a network of any size, and no more of any."""

KINDS = Trainer, SequenceTrainer
"""What can be had again."""

Kind = TypeVar("Kind", Trainer, SequenceTrainer)


class Snapshots(Generic[Kind]):
    """What a trainer went through: from time to time a moment, thinned when they are too many.

    Parameters
    ----------
    trainer : Trainer or SequenceTrainer
        At the beginning of what is to be kept.
    most_bytes : int
        What all of them take at most, but for a few of a very large network.
    stride : int
        Iterations from one to the next, at first.

    Attributes
    ----------
    stride : int
        Iterations from one to the next; it doubles each time that there is no room left.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    They are spaced evenly. To go back costs the iterations from the snapshot before: half a stride
    on average, 128 of 50,000 iterations of the lecture's network, of which 196 snapshots are kept.
    As many that are spaced logarithmically would cost 690. And to the first iterations, where most
    happens, the way is short in any case: they follow the first snapshot.
    """

    def __init__(
        self, trainer: Kind, *, most_bytes: int = MOST_BYTES, stride: int = STRIDE
    ) -> None:
        if not isinstance(trainer, KINDS):
            raise TypeError(f"trainer must be a Trainer or SequenceTrainer; got {shown(trainer)}")
        self._trainer: Kind = trainer
        self._room = whole_number("most_bytes", most_bytes, at_least=0)
        self._first = trainer.iteration
        self._kept = {trainer.iteration: trainer.moment}
        self.stride = whole_number("stride", stride, at_least=1, at_most=10**6)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """What the snapshots take, in bytes."""
        return sum(moment.nbytes for moment in self._kept.values())

    @property
    def due_in(self) -> int:
        """How many iterations the trainer is to make before `keep` is called again."""
        return self.stride - (self._trainer.iteration - self._first) % self.stride

    def keep(self) -> None:
        """Keep the moment, if one is due."""
        now = self._trainer.iteration
        if self._on_stride(now) and now not in self._kept:
            self._kept[now] = moment = self._trainer.moment
            if len(self._kept) > self._most(moment):
                self.stride *= 2
                self._kept = {at: one for at, one in self._kept.items() if self._on_stride(at)}

    def _most(self, moment: Moment) -> int:
        """Return how many such moments there is room for."""
        return min(max(self._room // moment.nbytes, FEWEST), MOST)

    def _on_stride(self, iteration: int) -> bool:
        return (iteration - self._first) % self.stride == 0

    def at(self, iteration: int) -> Kind:
        """Return a trainer that stands where this one stood after so many iterations.

        Parameters
        ----------
        iteration : int
            From the first one that was kept to the one where the trainer stands now.

        Returns
        -------
        Trainer or SequenceTrainer
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
        before = max(kept for kept in self._kept if kept <= wanted)
        again = self._trainer.again(self._kept[before])
        again.advance(wanted - before)
        return again
