"""What published summaries cost, against bounds in milliseconds."""

from collections.abc import Callable
from time import process_time

import numpy as np
from scipy import sparse

from estimators import attainable, bounds_on, feasible, max_entropy, probit_pmf, reconstruct, sd_bounds

CELLS = 10_000


def run() -> list[dict]:
    rng = np.random.default_rng(0)
    n = rng.integers(50, 450, CELLS)
    counts = rng.multinomial(n, [0.03, 0.03, 0.06, 0.13, 0.75])
    mean, share = (counts @ np.arange(1, 6) / n).round(2), (counts[:, 4] / n).round(3)
    on, clipped = mean.clip(1, 5), np.clip(share, np.maximum(mean - 4, 0), (mean - 1) / 4)
    cells = f"{CELLS:,} cells"
    return [
        row(f"feasible, {cells}", lambda: feasible(mean, share), 20, repeat=7, bound="promised"),
        row(
            f"sd_bounds over all laws, {cells}",
            lambda: sd_bounds(mean, share),
            20,
            repeat=7,
            bound="promised",
        ),
        row(
            f"sd_bounds over counts of n, {cells}",
            lambda: sd_bounds(mean, share, n),
            20,
            repeat=7,
            bound="promised",
        ),
        row(
            f"attainable, any raters, {cells}",
            lambda: attainable(mean, share, n, rating_rate=(0.0, 1.0)),
            1000,
        ),
        row(f"max_entropy, {cells}", lambda: max_entropy(on, clipped), 500),
        row(f"probit_pmf, {cells}", lambda: probit_pmf(on, clipped), 500),
        row(
            "reconstruct n = 500, any raters: count",
            lambda: reconstruct(4.58, 0.75, 500, rating_rate=(0.0, 1.0)),
            500,
            bound="promised",
        ),
        row(
            "reconstruct n = 500, all rating: list all",
            lambda: reconstruct(4.58, 0.75, 500).table(),
            500,
            bound="promised",
        ),
        row(
            "reconstruct n = 100, any raters: list all",
            lambda: reconstruct(4.58, 0.75, 100, rating_rate=(0.0, 1.0)).table(),
            500,
        ),
        row(
            "reconstruct n = 9,181, any raters: count",
            lambda: reconstruct(4.58, 0.751, 9181, rating_rate=(0.0, 1.0)),
            2000,
            repeat=1,
        ),
        row("bounds_on 62 services of 50 items, ranks", services(rng), 100),
    ]


def services(rng: np.random.Generator) -> Callable[[], object]:
    """Rank bounds of 62 two-channel services with 25 items in each channel."""
    leaves = 62 * 50
    averaging = sparse.kron(sparse.eye_array(62), np.full((1, 50), 1 / 50), format="csr")
    mean, share = rng.integers(440, 470, leaves) / 100, rng.integers(700, 800, leaves) / 1000
    group, raters = np.repeat(np.arange(124), 25), rng.integers(10, 300, leaves)
    return lambda: bounds_on(
        mean, share, averaging, raters=raters, group=group, correlation=(0.2, 0.7), rating_rate=(0.7, 1.0)
    ).ranks()


def row(
    work: str, job: Callable[[], object], bound_ms: float, *, repeat: int = 3, bound: str = "set here"
) -> dict:
    """Least processor time of some runs, against a bound: promised to users, or set here."""
    job()
    times = []
    for _ in range(repeat):
        start = process_time()
        job()
        times.append(1000 * (process_time() - start))
    ours = min(times)
    return {
        "work": work,
        "ours_ms": ours,
        "bound": bound,
        "bound_ms": bound_ms,
        "ratio": ours / bound_ms,
        "note": "",
    }
