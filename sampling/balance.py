"""Pivotal, local pivotal and cube sampling: probabilities meet, and one of them is decided."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sampling.arguments import FloatArray, IntArray, Seed, Values, numbers
from sampling.inclusion import parts
from sampling.selection import select

DECIDED = 1e-9


def pivotal(prob: Values, *, order: str = "random", draws: int | None = None, rng: Seed = None) -> IntArray:
    """Pivotal sampling: units meet in turn and fight; each duel decides one of them.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities, summing to a whole n.
    order : {"random", "given"}
        "given" spreads the sample over the order of the file (Deville's systematic sampling).
    draws : int, optional
        Number of independent samples.
    rng : Generator, int or None

    Returns
    -------
    array of int64 (n,) or (draws, n)

    References
    ----------
    Deville & Tille (1998), Biometrika 85, section 4.

    Examples
    --------
    >>> pivotal([0.5, 0.5, 0.5, 0.5], order="given", rng=1).size
    2
    """
    if order not in ("random", "given"):
        raise ValueError(f'order must be "random" or "given", got {order!r}; choose one')

    def kernel(chance: FloatArray, n: int, count: int, generator: np.random.Generator) -> NDArray[np.bool_]:
        places = np.tile(np.arange(chance.size), (count, 1))
        if order == "random":
            places = generator.permuted(places, axis=1)
        return _duels(chance, places, generator)

    return select(kernel, prob, draws, rng)


def _duels(chance: FloatArray, places: IntArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Duels in the given orders, one row per sample."""
    rows = np.arange(places.shape[0])
    taken = np.zeros(places.shape, dtype=bool)
    holder, held = places[:, 0], chance[places[:, 0]]
    for step in range(1, places.shape[1]):
        rival = places[:, step]
        other = chance[rival]
        total = held + other
        full = total > 1 - DECIDED
        odds = np.where(full, (1 - other) / np.maximum(2 - total, DECIDED), held / np.minimum(total, 1.0))
        wins = rng.random(places.shape[0]) < odds
        winner, loser = np.where(wins, holder, rival), np.where(wins, rival, holder)
        taken[rows[full], winner[full]] = True
        holder, held = np.where(full, loser, winner), np.where(full, np.maximum(total - 1, 0.0), total)
    taken[rows, holder] |= held > 0.5
    return taken


def local_pivotal(prob: Values, where: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Local pivotal sampling: an undecided unit at random fights its nearest undecided neighbour.

    The sample is spread over the coordinates and so nearly balanced on smooth functions of them.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities, summing to a whole n.
    where : array (N, d)
        Coordinates, or standardised auxiliary variables.
    draws : int, optional
        Number of independent samples.
    rng : Generator, int or None

    Returns
    -------
    array of int64 (n,) or (draws, n)

    References
    ----------
    Grafstrom, Lundstrom & Schelin (2012), Biometrics 68 (the second method, LPM2).

    Examples
    --------
    >>> local_pivotal([0.5] * 4, [[0, 0], [0, 1], [9, 9], [9, 8]], rng=1).tolist()
    [0, 3]
    """
    points = numbers("where", where, minimum=-np.inf)
    if points.ndim != 2 or points.shape[0] != np.size(prob):
        raise ValueError(f"where must have a row for each of {np.size(prob)} units, got shape {points.shape}")
    rest = parts(prob)[1]

    def kernel(chance: FloatArray, n: int, count: int, generator: np.random.Generator) -> NDArray[np.bool_]:
        return np.array([_local(chance, points[rest], generator) for _ in range(count)])

    return select(kernel, prob, draws, rng)


def _local(chance: FloatArray, points: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """One local pivotal sample."""
    state = np.array(chance)
    open_units = list(range(chance.size))
    slot = np.arange(chance.size)
    tree, indexed = cKDTree(points), np.arange(chance.size)
    while len(open_units) > 1:
        if 2 * len(open_units) < indexed.size:
            indexed = np.array(open_units)
            tree = cKDTree(points[indexed])
        i = open_units[int(rng.integers(len(open_units)))]
        j = _neighbour(tree, indexed, points[i], i, slot)
        _fight(state, i, j, rng.random())
        for k in (i, j):
            if not DECIDED < state[k] < 1 - DECIDED:
                last = open_units.pop()
                if last != k:
                    open_units[slot[k]], slot[last] = last, slot[k]
                slot[k] = -1
    return state > 0.5


def _neighbour(tree: cKDTree, indexed: IntArray, point: FloatArray, i: int, slot: IntArray) -> int:
    """The nearest other unit that is still open."""
    count = 4
    while True:
        _, near = tree.query(point, k=min(count, indexed.size))
        units = indexed[np.atleast_1d(near)]
        units = units[(units != i) & (slot[units] >= 0)]
        if units.size:
            return int(units[0])
        count *= 4


def _fight(state: FloatArray, i: int, j: int, aim: float) -> None:
    """One duel between two units, in place."""
    total = state[i] + state[j]
    if total < 1:
        first = aim < state[i] / total
        state[i], state[j] = (total, 0.0) if first else (0.0, total)
    else:
        first = aim < (1 - state[j]) / (2 - total)
        state[i], state[j] = (1.0, total - 1) if first else (total - 1, 1.0)


def flight(prob: Values, balance: Values, *, rng: Seed = None) -> FloatArray:
    """The flight phase of the cube method: probabilities pushed to 0 and 1 with all totals kept.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities.
    balance : array (N, q)
        Balancing variables x; ``sum(x / prob)`` over the sample is kept at the population total.

    Returns
    -------
    array (N,)
        0 or 1 but for at most q units; ``balance.T / prob @ answer`` equals the population totals.

    References
    ----------
    Deville & Tille (2004), Biometrika 91; Chauvet & Tille (2006), Computational Statistics 21 (fast flight).

    Examples
    --------
    >>> state = flight([0.5, 0.5, 0.5, 0.5], [[1.0], [2.0], [3.0], [4.0]], rng=1)
    >>> int(((state > 0) & (state < 1)).sum()) <= 1
    True
    """
    chance, table = _balanced(prob, balance)
    state = np.array(chance)
    ratio = np.divide(table, chance[:, None], out=np.zeros_like(table), where=chance[:, None] > 0)
    return _fly(state, ratio, np.random.default_rng(rng))


def cube(prob: Values, balance: Values, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """Balanced sampling by the cube method, of fixed size.

    The probabilities themselves are the first balancing variable, which fixes the size; after the flight
    the undecided units are settled with fewer and fewer of the other variables, the last given up first.

    Parameters
    ----------
    prob : array (N,)
        Inclusion probabilities, summing to a whole n.
    balance : array (N, q)
        Balancing variables, the most important first.
    draws : int, optional
        Number of independent samples.
    rng : Generator, int or None

    Returns
    -------
    array of int64 (n,) or (draws, n)

    References
    ----------
    Deville & Tille (2004), Efficient balanced sampling: the cube method, Biometrika 91.

    Examples
    --------
    >>> x = [[1.0], [2.0], [3.0], [4.0]]
    >>> sum(x[i][0] for i in cube([0.5] * 4, x, rng=3).tolist())
    5.0
    """
    chance, table = _balanced(prob, balance)
    rest = parts(prob)[1]
    ratio = np.hstack([np.ones((rest.size, 1)), table[rest] / chance[rest, None]])

    def kernel(left: FloatArray, n: int, count: int, generator: np.random.Generator) -> NDArray[np.bool_]:
        return np.array([_settle(left, ratio, generator) for _ in range(count)])

    return select(kernel, prob, draws, rng)


def _balanced(prob: Values, balance: Values) -> tuple[FloatArray, FloatArray]:
    """Probabilities and balancing variables, checked."""
    chance, table = numbers("prob", prob), numbers("balance", balance, minimum=-np.inf)
    if (chance > 1 + DECIDED).any():
        raise ValueError(f"prob must be at most 1, got {chance.max()}; see inclusion(size, n)")
    if table.ndim != 2 or table.shape[0] != chance.size:
        raise ValueError(f"balance must have a row for each of {chance.size} units, got shape {table.shape}")
    return chance, table


def _settle(chance: FloatArray, ratio: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Flight, then landing by giving up balancing variables from the last to the second."""
    state = np.array(chance)
    for columns in range(ratio.shape[1], 0, -1):
        state = _fly(state, ratio[:, :columns], rng)
        if not _open(state).any():
            break
    return np.asarray(state > 0.5)


def _open(state: FloatArray) -> NDArray[np.bool_]:
    """Units not yet decided."""
    return (state > DECIDED) & (state < 1 - DECIDED)


def _fly(state: FloatArray, ratio: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Random steps within the cube along directions that keep ``ratio.T @ (chance * taken)``.

    The weight of unit k is the probability it had at the start, so directions live in the null space of
    ``ratio.T`` itself; each step works on the first q + 1 open units only.
    """
    width = ratio.shape[1] + 1
    waiting = np.flatnonzero(_open(state))[::-1].tolist()
    window: list[int] = []
    while True:
        while waiting and len(window) < width:
            window.append(waiting.pop())
        if not window:
            break
        direction = _direction(ratio[window].T)
        if direction is None:
            break
        _step(state, np.array(window), direction, rng)
        still = _open(state[window])
        window = [k for k, stays in zip(window, still, strict=True) if stays]
    closed = ~_open(state)
    state[closed] = np.rint(state[closed])
    return state


def _direction(matrix: FloatArray) -> FloatArray | None:
    """A vector of the null space, or None if there is none."""
    _, values, vectors = np.linalg.svd(matrix)
    rank = int((values > 1e-10 * max(values[0], 1e-300)).sum()) if values.size else 0
    return None if rank == matrix.shape[1] else np.asarray(vectors[-1])


def _step(state: FloatArray, window: IntArray, direction: FloatArray, rng: np.random.Generator) -> None:
    """Move to one of the two faces the direction meets, with the odds that keep the expectation."""
    here = state[window]
    with np.errstate(divide="ignore", invalid="ignore"):
        forward = np.where(direction > 0, (1 - here) / direction, -here / direction)
        backward = np.where(direction > 0, here / direction, (here - 1) / direction)
    moving = np.abs(direction) > 1e-12
    ahead, behind = float(forward[moving].min()), float(backward[moving].min())
    step = ahead if rng.random() < behind / (ahead + behind) else -behind
    state[window] = np.where(moving, here + step * direction, here)
