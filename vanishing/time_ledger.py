"""The exact account of an error's way back through time: what each step did to its norm.

The error at step t is the loss's derivative by what the cell hands on: by h_t, and for an LSTM by
its state c_t. One step back, a simple cell multiplies it twice, as a layer does:

    delta_t = dh_t * f'(a_t),    u = delta_t W_h^T;

the slopes' factor is norm(delta_t) / norm(dh_t), the weights' norm(u) / norm(delta_t). In a cell
with gates there is a straight way, along which one gate only multiplies, and a detour through the
hidden state and all gates, which is added:

    GRU:   v = dh_t * z_t,    u = v + what comes through W_h
    LSTM:  v = dc_t * f_t,    u = v + what comes through W_h, h_(t-1) and the output gate o_(t-1)

A sum has no factors of its own. It is booked, like the shortcut in `vanishing.ledger`, as
norm(u) / norm(v): by how much the norm grew, or shrank, when the detour's part was added. If a
network answers after every step, what the answer brings is added as well, and booked in the same
way: as norm of the error at t - 1 over norm(u). So each step is a product, and the books balance.

Norms are root sums of squares over all sequences and units. The error is rescaled on the way by
powers of two, which changes no digit, so it neither underflows nor overflows.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from vanishing._checks import Array, instance, shown
from vanishing.accounts import (
    FAR,
    SMALL,
    check_balance,
    judged,
    product,
    ratio,
    short,
    verdict,
)
from vanishing.cells import Cell, GRUStep, LSTMStep, SimpleStep, State, Step
from vanishing.ledger import slopes_cause
from vanishing.optimizers import norm
from vanishing.recurrent import RecurrentNetwork, check_finite, check_sequences
from vanishing.sequences import SequenceData
from vanishing.through_time import loss_and_error
from vanishing.units import dead_masks

ANSWERS = "answers"
"""The name of the part that answers after every step bring in."""

DETOUR = "detour"
"""The name of the part that goes through the hidden state and the gates."""

PARTS: dict[type[Step], tuple[str, str]] = {
    SimpleStep: ("slopes", "weights"),
    GRUStep: ("update gate", DETOUR),
    LSTMStep: ("forget gate", DETOUR),
}
"""What does something to the error, in the order in which the error meets it, for each cell."""

CAUSES = {
    "weights": "small weights",
    "update gate": "update gate closed",
    "forget gate": "forget gate closed",
    DETOUR: "the detour cancels",
    ANSWERS: "the answers cancel",
}
"""How a part is named that shrinks the error in one step; slopes have several names."""

Size = tuple[float, int]
"""A number m 2^e, as m and e."""

BEYOND = 200
"""An error is rescaled when its largest entry is beyond 2 to this power, or its inverse."""

ENDS = 4
"""So many rows at either end of a long account are shown as text."""


@dataclass(frozen=True, eq=False)
class TimeLedger:
    """The books of one way back through time, for sequences of T steps.

    Entry t of the arrays of length T - 1 belongs to the way from step t + 1 back to step t,
    counted from 0; so they run from the first step to the last.

    Parameters
    ----------
    cell : Cell
        The network's cell.
    decades : ndarray of shape (T,)
        log10 of the norm of the error at each step, first step first; minus infinity for none.
    columns : dict of ndarray of shape (T - 1,)
        The factors of each part by name, in the order that the error meets them: "slopes" and
        "weights"; "forget gate" (LSTM) or "update gate" (GRU) and "detour"; and "answers" where
        there is one after every step. 0 if nothing comes through; NaN if nothing arrived that
        could; infinity where it came from nothing.
    attenuation : float
        norm at the first step / norm at the last; NaN if there is no error at all, and zero or
        infinity where that is beyond the range of a float.
    imbalance : float
        How far the product of all factors is from `attenuation`, as a share of it.
    causes : tuple of str, of length T - 1
        What each step did to the error, in words.
    """

    cell: Cell
    decades: Array
    columns: dict[str, Array]
    attenuation: float
    imbalance: float
    causes: tuple[str, ...]

    @property
    def steps(self) -> int:
        """The number T of steps."""
        return len(self.decades)

    @property
    def norms(self) -> Array:
        """The norm of the error at each step, of shape (T,); 0 where a float holds no less."""
        with np.errstate(over="ignore", under="ignore"):
            found: Array = 10.0**self.decades
        return found

    @property
    def relative(self) -> Array:
        """Decades of the error at each lag over that at lag 0, of shape (T,).

        Lag 0 is the last step, lag T - 1 the first; NaN if there is no error at all.
        """
        with np.errstate(invalid="ignore"):
            found: Array = (self.decades - self.decades[-1])[::-1]
        return found

    @property
    def factors(self) -> Array:
        """What each step multiplied the error's norm by, of shape (T - 1,)."""
        # Infinity times 0 where the detour led around a gate that is shut.
        with np.errstate(invalid="ignore"):
            found: Array = np.prod(list(self.columns.values()), axis=0)
        return found

    @property
    def per_step(self) -> float:
        """The factor that, step after step, would make the same attenuation."""
        with np.errstate(invalid="ignore"):
            return float(10 ** (self.relative[-1] / (self.steps - 1)))

    @property
    def per_part(self) -> dict[str, float]:
        """The same for each part by itself, by name."""
        with np.errstate(divide="ignore"):
            powers = {name: np.log(factors).mean() for name, factors in self.columns.items()}
        return {name: float(np.exp(power)) for name, power in powers.items()}

    @property
    def verdict(self) -> str:
        """What becomes of the error on the whole way, in words; see `accounts.verdict`."""
        return verdict(self.attenuation)

    @property
    def culprits(self) -> tuple[str, ...]:
        """The parts that alone would make the error vanish, or explode; none if it arrives.

        If no part would do so alone, the one that did most.
        """
        sign = {"vanishes": -1, "explodes": 1}.get(self.verdict)
        if sign is None:
            return ()
        with np.errstate(divide="ignore"):
            moved = {name: sign * np.log10(of).sum() for name, of in self.columns.items()}
        most = max(moved.values())
        limit = min(math.log10(FAR), most)
        return tuple(name for name, decades in moved.items() if decades >= limit)

    def __str__(self) -> str:
        """Return the books as a table that is read like the error travels, from the last step."""
        columns = {f"{name:>{max(11, len(name) + 2)}}": of for name, of in self.columns.items()}
        blank = " " * sum(map(len, columns))
        rows = [f"{self.steps:>5}{blank}{_power(self.decades[-1]):>11}  (last step)"]
        for t in range(self.steps - 2, -1, -1):
            factors = "".join(f"{short(of[t]):>{len(name)}}" for name, of in columns.items())
            rows.append(f"{t + 1:>5}{factors}{_power(self.decades[t]):>11}  {self.causes[t]}")
        if len(rows) > 2 * ENDS + 1:
            rows[ENDS + 1 : -ENDS] = ["  ..."]
        head = f"{'step':>5}{''.join(columns)}{'norm':>11}  cause"
        each = ", ".join(f"{name} {short(of)}" for name, of in self.per_part.items())
        return "\n".join(
            [
                head,
                *rows,
                f"first / last step: {_power(self.relative[-1])}, "
                f"{short(self.per_step)} a step ({each}): the error {self.verdict}",
            ]
        )


def _power(decades: float) -> str:
    """Return a number that is given by its log10, even if it is beyond a float's range."""
    if not math.isfinite(decades):
        return "nan" if math.isnan(decades) else f"{10.0**decades:.1e}"
    # Rounded first, so that 9.97 does not become 10.0e-05.
    whole = math.floor(decades)
    mantissa = round(10 ** (decades - whole), 1)
    if mantissa >= 10:
        mantissa, whole = 1.0, whole + 1
    return f"{mantissa:.1f}e{whole:+03d}"


def time_ledger(network: RecurrentNetwork, data: SequenceData) -> TimeLedger:
    """Return the exact account of an error's way back through time.

    Parameters
    ----------
    network : RecurrentNetwork
        With a simple, GRU or LSTM cell. The account is made in float64.
    data : SequenceData
        Sequences of two steps or more that fit the network.

    Returns
    -------
    TimeLedger
        The books; they have been found to balance.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, there is one step only, the cell is of another kind, or a
        parameter, an output or an error is not finite (as after a run that diverged).
    ArithmeticError
        If the books do not balance to rounding error.
    """
    steps, brought = _forward(network, data)
    names = (*parts_of(network.cell), *([ANSWERS] if network.every_step else []))
    norms, rows = _walk_back(steps, brought, answers=network.every_step)
    attenuation, imbalance = _balanced(norms[0], norms[-1], [of for row in rows for of in row])
    causes = [
        _cause(step, dict(zip(names, row, strict=True)), arrives)
        for step, row, (arrives, _) in zip(steps[1:], rows, norms[1:], strict=True)
    ]
    return TimeLedger(
        network.cell,
        np.array([_log10(*one) for one in norms]),
        dict(zip(names, np.array(rows).T, strict=True)),
        attenuation,
        imbalance,
        tuple(causes),
    )


def parts_of(cell: Cell) -> tuple[str, str]:
    """Return the names of the two parts of a cell's step, in the order that the error meets them.

    Raises
    ------
    TypeError, ValueError
        If it is no cell, or one of which it is not known how its steps fall into parts.
    """
    instance("cell", cell, Cell)
    for kind, names in PARTS.items():
        if issubclass(cell.step, kind):
            return names
    raise ValueError(f"cell must be a simple one, a GRU or an LSTM; got {shown(cell.name)}")


def _forward(network: RecurrentNetwork, data: SequenceData) -> tuple[list[Step], Array]:
    """Return the steps after a forward pass in float64, and what the answers bring to each h."""
    check_sequences(network, data)
    parts_of(network.cell)
    if data.length < 2:
        raise ValueError(f"data must have two steps or more; got {data.length}")
    check_finite(network)
    exact = network.astype(np.float64)
    steps = exact.unroll(data.inputs)
    outputs = exact.answer(steps)
    if not np.isfinite(outputs).all():
        raise ValueError("network must give finite outputs; got NaN or infinity (overflow)")
    _, error = loss_and_error(outputs, data.targets)
    brought = np.zeros((len(steps), *steps[0].h.shape))
    brought[slice(None) if network.every_step else -1] = error @ exact.W_out.T
    return steps, brought


def _walk_back(
    steps: list[Step], brought: Array, *, answers: bool
) -> tuple[list[Size], list[list[float]]]:
    """Return the norms of the error, and each step's factors; first step first."""
    arriving: State = tuple(np.zeros_like(brought[0]) for _ in steps[0].states)
    exponent, norms, rows = 0, list[Size](), list[list[float]]()
    laters = [None, *steps[:0:-1]]
    for later, step, directly in zip(laters, steps[::-1], brought[::-1], strict=True):
        # What answers bring is of one size at all steps, so they bound how small an error gets.
        arriving, shift = _rescaled(arriving, at_least=-exponent if answers else None)
        exponent += shift
        dh, *rest = arriving
        with np.errstate(over="ignore", invalid="ignore"):
            arriving = step.backward((dh + np.ldexp(directly, -exponent), *rest))
            size = norm(_error(step))
            if not math.isfinite(size):
                raise ValueError("network must give finite errors; got NaN or infinity (overflow)")
            if later is not None:
                sizes = [norms[-1][0], *(norm(way) for way in _ways(later, step))]
                # That of the error itself in the scale of the step after.
                whole = math.ldexp(size, shift)
                if answers:
                    sizes.append(whole)
                else:
                    # Where nothing arrives, the product of all factors could not tell.
                    check_balance(abs(whole - sizes[-1]) / (max(whole, sizes[-1]) or 1.0))
                rows.append([ratio(after, former) for former, after in itertools.pairwise(sizes)])
        norms.append((size, exponent))
    return norms[::-1], rows[::-1]


def _rescaled(state: State, at_least: int | None) -> tuple[State, int]:
    """Return an error near 1, if it was far from it, and the power of two it was divided by."""
    largest = max(float(np.abs(array).max()) for array in state)
    _, power = math.frexp(largest)
    if abs(power) <= BEYOND or not math.isfinite(largest):
        return state, 0
    shift = power if at_least is None else max(power, at_least)
    return tuple(np.ldexp(array, -shift) for array in state), shift


def _error(step: Step) -> Array:
    return step.dc if "c" in step.states else step.dh


def _ways(later: Step, step: Step) -> tuple[Array, Array]:
    """Return the error after the first part of a step back, and after both."""
    if isinstance(later, LSTMStep):
        assert isinstance(step, LSTMStep)
        straight = later.dc * later.f
        around = later.delta @ later.W_h.T * step.o * (1 - step.tanh_c**2)
        return straight, straight + around
    if isinstance(later, GRUStep):
        straight = later.dh * later.z
        return straight, straight + later.delta_h @ later.W_h.T
    return later.delta, later.delta @ later.W_h.T


def _balanced(first: Size, last: Size, factors: list[float]) -> tuple[float, float]:
    """Return the attenuation, and by what share the product of all factors differs from it.

    Raises
    ------
    ArithmeticError
        If that is more than rounding.
    """
    quotient, exponent = ratio(first[0], last[0]), first[1] - last[1]
    imbalance = 0.0
    if 0 < quotient < math.inf and all(0 < factor < math.inf for factor in factors):
        mantissa, power = product(factors)
        imbalance = abs(math.ldexp(mantissa / quotient, power - exponent) - 1)
    check_balance(imbalance)
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(quotient, exponent)), imbalance


def _log10(mantissa: float, exponent: int) -> float:
    return math.log10(mantissa) + exponent * math.log10(2) if mantissa > 0 else -math.inf


def _cause(step: Step, parts: dict[str, float], arrives: float) -> str:
    """Return in words what a step back, from this one, did to the error; as for `ledger.cause`."""
    for name, factor in parts.items():
        if arrives > 0 and factor == math.inf:
            return f"{name} only"
    if found_at_once := judged(math.prod(parts.values()), arrives):
        return found_at_once
    limit = max(SMALL, float(np.nanmin(list(parts.values()))))
    found = [_part_cause(step, name, of) for name, of in parts.items() if of <= limit]
    return " and ".join(found)


def _part_cause(step: Step, part: str, factor: float) -> str:
    if part != "slopes":
        return CAUSES[part]
    assert isinstance(step, SimpleStep)
    (dead,) = dead_masks(step.activation, [step.a])
    return slopes_cause(step.activation, factor, float(dead.mean()))
