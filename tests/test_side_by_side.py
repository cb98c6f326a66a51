"""Trainers side by side: they keep step, and each is kept when it is due."""

from vanishing import Network, Trainer, spiral
from vanishing.side_by_side import SideBySide

DATA = spiral(20, rng=0)


def trainer(*sizes: int) -> Trainer:
    return Trainer(Network.initialize([2, *sizes, 3], rng=0), DATA)


def test_the_others_make_as_many_iterations_as_the_first_had_time_for() -> None:
    together = SideBySide([trainer(3), trainer(300, 300)])
    made = together.advance(10**9, seconds=0.05)
    assert [one.iteration for one in together.trainers] == [made, made]
    assert together.iteration == made > 0


def test_when_time_is_up_one_iteration_is_made() -> None:
    together = SideBySide([trainer(3), trainer(4)])
    assert together.advance(10**9, seconds=1e-9) == 1
    assert together.advance(0, seconds=1e-9) == 0


def test_each_is_kept_as_often_as_it_has_room() -> None:
    small, large = trainer(3), trainer(30, 30)
    # Thirteen moments of the large network; all of the small one.
    together = SideBySide([small, large], most_bytes=2 * 13 * large.moment.nbytes, stride=2)
    together.advance(96)
    of_small, of_large = together._snapshots
    assert (of_small.stride, len(of_small)) == (2, 49)
    assert (of_large.stride, len(of_large)) == (8, 13)


def test_any_iteration_is_had_again_one_after_the_other() -> None:
    together = SideBySide([trainer(3), trainer(4)])
    together.advance(9)
    for wanted in (5, 2, 7):
        found = together.at(wanted)
        assert [one.iteration for one in found] == [wanted, wanted]
        assert together.at(wanted) is found  # as long as no other one is asked for
