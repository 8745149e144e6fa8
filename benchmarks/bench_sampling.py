"""What planning costs: exact whole allocations, Bethel, tables fitted and rounded, stratified samples."""

import heapq
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from time import perf_counter, process_time

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from sampling import (
    Target,
    bethel,
    conditional_poisson,
    cube,
    fit_table,
    inclusion,
    joint,
    neyman,
    round_table,
    srs,
)

REGIONS, SERVICES = 17, 70


def run() -> list[dict]:
    return [
        *rounding(),
        fitting(),
        whole_neyman(),
        *bethels(),
        *samples(),
        *entropy(),
        *balanced(),
    ]


def rounding() -> list[dict]:
    """Controlled rounding of a 17 x 70 table beside the same transportation problem in HiGHS."""
    table = a_table()
    ours = best(lambda: round_table(table))
    peer = best(lambda: by_linear_programme(table), 2)
    random = best(lambda: round_table(table, method="unbiased", rng=1))
    return [
        row("17 x 70 rounded, nearest", ours, "HiGHS, same problem", peer, "promised 30 ms"),
        row("17 x 70 rounded, unbiased", random, "promised", 30.0),
    ]


def fitting() -> dict:
    """A 17 x 70 table with bounds beside plain proportional fitting without them."""
    rng = np.random.default_rng(0)
    seed, wanted = rng.lognormal(0, 1, (REGIONS, SERVICES)), a_table()
    rows, columns = wanted.sum(axis=1), wanted.sum(axis=0)
    ours = best(lambda: fit_table(seed, rows, columns, lower=0.5, upper=60))

    def plain() -> None:
        x = seed.copy()
        for _ in range(200):
            x *= (rows / x.sum(axis=1))[:, None]
            x *= columns / x.sum(axis=0)
            if np.abs(x.sum(axis=1) - rows).max() < 1e-9 * rows.mean():
                break

    note = "ours keeps bounds, checks that a table exists and fixes cells without a choice"
    return row("17 x 70 fitted between bounds", ours, "plain IPF, no bounds", best(plain), note)


def whole_neyman() -> dict:
    """Exact integer Neyman for 10,000 strata and a million units beside one unit at a time from a heap."""
    rng = np.random.default_rng(0)
    size, sd = rng.integers(1_000, 10**6, 10_000).astype(float), rng.lognormal(0, 0.7, 10_000)
    ours = best(lambda: neyman(size, sd, 10**6, integer=True))
    answer = neyman(size, sd, 10**6, integer=True)
    amount, count = size * sd, np.ones(10_000, dtype=int)

    def heap() -> None:
        count[:] = 1
        queue = [(-(a * a) / 2, h) for h, a in enumerate(amount.tolist())]
        heapq.heapify(queue)
        for _ in range(10**6 - 10_000):
            h = queue[0][1]
            count[h] += 1
            k = int(count[h])
            heapq.heapreplace(queue, (-(amount[h] ** 2) / (k * (k + 1.0)), h))

    peer = best(heap, 1)
    note = f"promised 1000 ms; {int((answer != count).sum())} strata differ from the heap"
    return row("integer Neyman, 10,000 strata, n = 1e6", ours, "heap, one unit at a time", peer, note)


def bethels() -> list[dict]:
    """Four variables in 1,190 cells, targets by region, service and country."""
    rng = np.random.default_rng(0)
    size = rng.integers(20, 5_000, (REGIONS, SERVICES)).astype(float)
    sd = rng.uniform(0.6, 1.2, (4, REGIONS, SERVICES))
    targets = [Target(0.06, by=0), Target(0.1, by=1), Target(0.015)]
    rows = []
    for integer in (False, True):
        ours = best(lambda integer=integer: bethel(size, sd, targets, integer=integer), 2)
        answer = bethel(size, sd, targets, integer=integer)
        work = f"Bethel, 1,190 cells x 4 variables{', whole' * integer}"
        rows.append(row(work, ours, "promised", 1000.0, f"352 targets; {answer}"))
    return rows


def samples() -> list[dict]:
    """A thousand stratified samples of 9,180 out of a million, in few strata and in many."""
    rows = []
    for strata in (REGIONS, 1_020):
        size, n = np.full(strata, 1_000_000 // strata), np.full(strata, 9_180 // strata)
        ours = best(lambda size=size, n=n: srs(size, n, draws=1_000, rng=1), 3)
        peer = 20 * best(lambda size=size, n=n: by_choice(size, n, 50), 1)
        note = "promised 500 ms; peer timed for 50 samples, unsorted positions"
        work = f"1,000 samples of 9,180 of 1,000,000, {strata} strata"
        rows.append(row(work, ours, "Generator.choice", peer, note))
        if strata == REGIONS:  # with many strata they take minutes
            rows += [row(work, ours, *found) for found in (*by_svy(size, n), *by_r(size, n))]
    return rows


def by_svy(size: np.ndarray, n: np.ndarray, draws: int = 50) -> Iterator[tuple[str, float, str]]:
    """The same samples by svy, where it is installed: it draws several at once."""
    if not importlib.util.find_spec("svy"):
        return
    import polars as pl
    import svy

    people = pl.DataFrame({"h": np.repeat(np.arange(size.size), size), "id": np.arange(size.sum())})
    sample = svy.Sample(people, svy.Design(stratum="h"))
    wanted = dict(enumerate(n.tolist()))
    start = perf_counter()  # it starts threads of its own
    sample.sampling.srs(n=wanted, by="h", rstate=1, n_draws=draws)
    spent = 1e3 * (perf_counter() - start)
    yield "svy", spent * 1_000 / draws, f"wall clock; peer timed for {draws} samples, respondents' rows"


def by_r(size: np.ndarray, n: np.ndarray, draws: int = 5) -> Iterator[tuple[str, float, str]]:
    """The same samples by strata() of R's package sampling, where R has it."""
    body = f"""
    people <- data.frame(h = rep({vector(np.arange(size.size))}, {vector(size)}))
    cat(system.time(for (k in 1:{draws}) strata(people, "h", {vector(n)}, "srswor"))[["user.self"]])
    """
    for spent in in_r(body):
        yield "R sampling, strata", spent * 1_000 / draws, f"peer timed for {draws} samples"


def in_r(body: str) -> Iterator[float]:
    """Milliseconds of processor time that an R script prints in seconds; nothing where R cannot run it."""
    if shutil.which("Rscript") and not run_r("library(sampling)").returncode:
        yield 1e3 * float(
            run_r(f"suppressMessages(library(sampling)); {body}", check=True).stdout.split()[-1]
        )


def run_r(script: str, *, check: bool = False) -> subprocess.CompletedProcess:
    """R's answer to a script."""
    with tempfile.NamedTemporaryFile("w", suffix=".R") as file:  # too long for a command line
        file.write(script)
        file.flush()
        return subprocess.run(["Rscript", file.name], capture_output=True, text=True, check=check)


def vector(values: np.ndarray) -> str:
    """Numbers as R writes them."""
    lines = ",\n".join(repr(v) for v in np.asarray(values).tolist())  # R's lines are short
    return f"c({lines})"


def entropy() -> list[dict]:
    """Joint probabilities of conditional Poisson sampling beside a thousand of its samples."""
    prob = inclusion(np.random.default_rng(0).lognormal(0, 1, 300), 60)
    ours = best(lambda: joint(prob, "conditional_poisson"), 2)
    peer = best(lambda: conditional_poisson(prob, draws=1_000, rng=1), 2)
    work = "joint probabilities, maximum entropy, N = 300, n = 60"
    body = f"p <- {vector(prob)}; cat(system.time(UPmaxentropypi2(p))[['user.self']])"
    return [
        row(work, ours, "1,000 of its samples", peer),
        *(row(work, ours, "R sampling, UPmaxentropypi2", spent) for spent in in_r(body)),
    ]


def balanced() -> list[dict]:
    """A balanced sample beside the singular value decompositions it rests on."""
    rng = np.random.default_rng(0)
    x, prob = rng.normal(size=(2_000, 5)), np.full(2_000, 0.1)
    ours = best(lambda: cube(prob, x, rng=1), 2)
    small = rng.normal(size=(6, 7))
    peer = best(lambda: [np.linalg.svd(small) for _ in range(2_000)], 2)
    work = "cube, N = 2,000, 5 variables"
    body = f"""
    x <- matrix({vector(x.ravel())}, ncol = 5, byrow = TRUE); p <- {vector(prob)}
    cat(system.time(for (k in 1:5) samplecube(x, p, 1, FALSE))[["user.self"]] / 5)
    """
    return [
        row(work, ours, "2,000 decompositions 6 x 7", peer),
        *(row(work, ours, "R sampling, samplecube", spent) for spent in in_r(body)),
    ]


def a_table() -> np.ndarray:
    """A table of 9,000 with whole margins."""
    rng = np.random.default_rng(7)
    start = np.outer(rng.dirichlet(np.full(REGIONS, 5.0)), rng.dirichlet(np.full(SERVICES, 3.0))) * 9_000
    whole = round_table(start)
    return fit_table(start, whole.sum(axis=1), whole.sum(axis=0))


def by_linear_programme(table: np.ndarray) -> np.ndarray:
    """Controlled rounding as a linear programme: the cells to round up."""
    fraction = table - np.floor(table)
    r, c = np.indices(table.shape).reshape(2, -1)
    cells = np.arange(table.size)
    sums = coo_array((np.ones(2 * cells.size), (np.r_[r, REGIONS + c], np.r_[cells, cells]))).tocsr()
    wanted = np.rint(np.r_[fraction.sum(axis=1), fraction.sum(axis=0)])
    return linprog((1 - 2 * fraction).ravel(), A_eq=sums, b_eq=wanted, bounds=(0, 1)).x


def by_choice(size: np.ndarray, n: np.ndarray, draws: int) -> None:
    """Stratum after stratum, sample after sample."""
    rng = np.random.default_rng(1)
    for _ in range(draws):
        for big, few in zip(size.tolist(), n.tolist(), strict=True):
            rng.choice(big, few, replace=False, shuffle=False)


def best(work: Callable[[], object], times: int = 5) -> float:
    """Smallest processor time in ms: others share the machine."""
    spent = []
    for _ in range(times):
        start = process_time()
        work()
        spent.append(1e3 * (process_time() - start))
    return min(spent)


def row(work: str, ours: float, bound: str, bound_ms: float, note: str = "") -> dict:
    return {
        "work": work,
        "ours_ms": ours,
        "bound": bound,
        "bound_ms": bound_ms,
        "ratio": ours / bound_ms,
        "note": note,
    }
