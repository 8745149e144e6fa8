"""How often rank sets hold the true ranks: worlds of twelve units, for docs/tests.md and the tests."""

import numpy as np

from estimators import ranks

SIZE = 12


def autoregressive(se: np.ndarray, rho: float) -> np.ndarray:
    """Covariance (unit, unit) of estimates whose correlation falls with the distance of the units."""
    return np.outer(se, se) * rho ** np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))


EVEN, UNEVEN = np.full(SIZE, 0.05), np.geomspace(0.02, 0.2, SIZE)
NEAR = np.linspace(0, 0.05, SIZE)
WORLDS = {  # true scores, and the covariance of their estimates
    "all tied": (np.zeros(SIZE), np.diag(EVEN**2)),
    "tied in threes": (np.repeat([0.0, 0.15, 0.3, 0.45], 3), np.diag(EVEN**2)),
    "near ties": (NEAR, np.diag(EVEN**2)),
    "spread out": (np.linspace(0, 3, SIZE), np.diag(EVEN**2)),
    "unequal variances, tied": (np.zeros(SIZE), np.diag(UNEVEN**2)),
    "unequal variances, near ties": (NEAR, np.diag(UNEVEN[::-1] ** 2)),
    "correlated, tied": (np.zeros(SIZE), autoregressive(EVEN, 0.8)),
    "exchangeable, near ties": (NEAR, autoregressive(UNEVEN, 0.5) + 0.02),
    "negative": (np.zeros(SIZE), 0.05**2 * (1.05 * np.eye(SIZE) - 0.08)),
}


def misses(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Units (unit,) whose set leaves out a rank that their true score has; tied ones have several."""
    first = 1 + (truth[None] > truth[:, None]).sum(axis=1)
    last = len(truth) - (truth[None] < truth[:, None]).sum(axis=1)
    return (lower > first) | (upper < last)


def missed(world: str, tables: int, *, level: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How many of `tables` miss, for any unit and for each: (all at once or each alone, 1 + unit)."""
    truth, covariance = WORLDS[world]
    root = np.linalg.cholesky(covariance)
    out = np.zeros((2, SIZE + 1), dtype=int)
    for _ in range(tables):
        estimate = truth + root @ rng.standard_normal(SIZE)
        for row, simultaneous in enumerate((True, False)):
            found = ranks(estimate, covariance, level=level, simultaneous=simultaneous, draws=draws, rng=rng)
            miss = misses(truth, found["lower"].values, found["upper"].values)
            out[row] += np.array([miss.any(), *miss])
    return out


def rows(tables: int) -> list[dict[str, str]]:
    """Coverage of the 95% sets in every world, with its Monte Carlo error."""
    out = []
    for place, world in enumerate(WORLDS):
        rng = np.random.default_rng([2020, 12, place])
        count = missed(world, tables, level=0.95, draws=1_000, rng=rng)
        cells = {"all ranks at once": count[0, 0], "each alone, the least of twelve": count[1, 1:].max()}
        out.append({"true scores": world} | {name: _held(int(n), tables) for name, n in cells.items()})
    return out


def _held(miss: int, tables: int) -> str:
    share = 1 - miss / tables
    return f"{share:.3f} ± {max(np.sqrt(share * (1 - share) / tables), 1 / tables):.3f}"
