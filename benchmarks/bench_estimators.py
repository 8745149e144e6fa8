"""What scores, replicates and weights cost, beside bare kernels and, where installed, svy and R survey."""

import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse
from threadpoolctl import threadpool_limits

from estimators import Design, Recipe, rake, rao_wu, scores

RESPONDENTS, ITEMS, SERVICES, STRATA, PSUS, REPLICATES = 9_181, 25, 62, 17, 267, 1_000
ROUNDS = 9


def run() -> list[dict]:
    survey = make(RESPONDENTS, SERVICES)
    return [*score_rows(survey), *replicate_rows(survey), *rake_rows(survey), *growth_rows()]


class Drawn:
    """A random survey: dataset, design and the bare arrays beneath."""

    def __init__(self, n: int, domains: int) -> None:
        rng = np.random.default_rng(1)
        home = np.sort(
            np.concatenate([np.repeat(np.arange(STRATA), 2), rng.integers(0, STRATA, PSUS - 2 * STRATA)])
        )
        self.psu = np.sort(np.concatenate([np.arange(PSUS), rng.integers(0, PSUS, n - PSUS)]))
        self.stratum = home[self.psu]
        self.domain = np.concatenate(
            [np.arange(domains), rng.choice(domains, n - domains, p=rng.dirichlet(np.full(domains, 2.0)))]
        )
        self.table = rng.choice(
            np.arange(-2, 6), (n, ITEMS), p=[0.02, 0.05, 0.23, 0.02, 0.02, 0.04, 0.12, 0.5]
        ).astype(np.int8)
        self.weight = np.exp(rng.normal(0, 0.4, n))
        labels = np.array([f"s{k + 1:04d}" for k in range(domains)])
        names = [f"o{k + 1:02d}" for k in range(ITEMS)]
        along = {
            "ratings": (("respondent", "item"), self.table),
            "service": ("respondent", labels[self.domain]),
        }
        self.data = xr.Dataset(along, coords={"item": names})
        self.design = Design(strata=self.stratum, psu=self.psu, weight=self.weight)


def make(n: int, domains: int) -> Drawn:
    return Drawn(n, domains)


def score_rows(survey: Drawn) -> Iterator[dict]:
    """All services and items, both statistics."""
    work = f"{SERVICES} services x {ITEMS} items, Q and satisfaction, SE"
    ours = partial(scores, survey.data, survey.design, by="service", interval=None)
    bare = Bare(survey)
    yield row(work, ours, "bare kernel, labels ready", bare.scores, "reach: 2.9 times the floor")
    with_ends = partial(scores, survey.data, survey.design, by="service")
    yield row(f"{work}, intervals", with_ends, "bare kernel, labels ready", bare.scores)
    if importlib.util.find_spec("svy"):
        yield row(work, ours, "svy", svy_scores(survey), "mean and share of fives by service", rounds=1)
    if shutil.which("Rscript"):
        yield fixed(work, ours, "R survey, svyby", r_scores(survey))


class Bare:
    """Bare kernels over arrays made ready: no checks, no labels, no layout, no design effects."""

    def __init__(self, survey: Drawn) -> None:
        self.survey = survey
        keys, cell = np.unique(survey.domain * PSUS + survey.psu, return_inverse=True)
        n, self.of = survey.domain.size, keys // PSUS
        self.sums = sparse.csc_array((survey.weight, cell, np.arange(n + 1)), shape=(keys.size, n))
        domains = int(survey.domain.max()) + 1
        self.by_domain = sparse.csc_array(
            (np.ones(keys.size), self.of, np.arange(keys.size + 1)), shape=(domains, keys.size)
        )
        self.keys, self.domains = keys, domains

    def scores(self) -> np.ndarray:
        """Weighted histogram, two residual look-ups, PSU sums and squares, a few items at a time."""
        step = max(1, 2**17 // len(self.survey.table))
        return np.concatenate([self.block(start, start + step) for start in range(0, ITEMS, step)], axis=-1)

    def block(self, start: int, stop: int) -> np.ndarray:
        """Squared PSU sums of two look-ups for a few items."""
        table = self.survey.table[:, start:stop]
        items = table.shape[1]
        cells = (self.survey.domain * (items * 8))[:, None] + (np.arange(items) * 8 + 2) + table
        hist = np.bincount(cells.ravel(), np.repeat(self.survey.weight, items), self.domains * items * 8)
        scaled = hist.reshape(-1, 8) / np.maximum(hist.reshape(-1, 8).sum(axis=1, keepdims=True), 1)
        squares = [(self.sums @ np.take(scaled.ravel(), cells)) ** 2 for _ in range(2)]
        return np.stack([self.by_domain @ each for each in squares])

    def products(self, factor: np.ndarray) -> None:
        """Replicate factors times each domain's totals of three functionals, and the squares of two summed.

        On one thread, as ours: more only wait for products this small, and would flatter us.
        """
        totals = np.ones((self.keys.size, 3 * ITEMS))
        ends = np.searchsorted(self.of, np.arange(self.domains + 1))
        with threadpool_limits(1, user_api="blas"):
            for begin, end in pairwise(ends):
                drawn = totals[begin:end].T @ factor[self.keys[begin:end] % PSUS]
                np.vecdot(drawn[: 2 * ITEMS], drawn[: 2 * ITEMS])


def replicate_rows(survey: Drawn) -> Iterator[dict]:
    """The same on Rao-Wu replicates, made and used."""
    factor = rao_wu(survey.design, replicates=REPLICATES, rng=1).factor
    bare = Bare(survey)

    def ours() -> None:
        made = rao_wu(survey.design, replicates=REPLICATES, rng=1)
        scores(survey.data, made, by="service", interval=None)

    work = f"the same on {REPLICATES:,} Rao-Wu replicates, made and used"
    yield row(
        work, ours, "matrix products, squares summed", lambda: bare.products(factor), "reach: 1.6", rounds=5
    )
    if importlib.util.find_spec("svy"):
        yield row(work, ours, "svy", svy_replicates(survey), rounds=1)


def rake_rows(survey: Drawn) -> Iterator[dict]:
    """Raking to three margins."""
    rng = np.random.default_rng(3)
    codes = [survey.stratum, rng.integers(0, 7, RESPONDENTS), rng.integers(0, 2, RESPONDENTS)]
    names = ("region", "age", "sex")
    table = pd.DataFrame({name: pd.Categorical(code) for name, code in zip(names, codes, strict=True)})
    targets = []
    for code in codes:
        raw = np.bincount(code) * rng.uniform(0.7, 1.4, code.max() + 1)
        targets.append(raw * 1e6 / raw.sum())
    totals = {name: dict(enumerate(target)) for name, target in zip(names, targets, strict=True)}
    recipe = Recipe((rake(totals),))
    rounds = recipe.run(table, survey.weight).applied[0].iterations
    ours = partial(recipe.run, table, survey.weight)

    def loop() -> None:
        weight = survey.weight.copy()
        for _ in range(rounds):
            for code, target in zip(codes, targets, strict=True):
                weight *= (target / np.bincount(code, weight))[code]

    work = f"raking to {STRATA} x 7 x 2"
    yield row(work, ours, "bare loop, as many rounds", loop, f"{rounds} rounds; reach: 2.9")
    if importlib.util.find_spec("svy"):
        yield row(work, ours, "svy", svy_rake(survey, table, totals))
    if shutil.which("Rscript"):
        yield fixed(work, ours, "R survey, rake", r_rake(survey, table, totals))


def growth_rows() -> Iterator[dict]:
    """A million respondents and 1,190 domains; the growth from a tenth of them."""
    tenth, whole = make(100_000, 1_190), make(1_000_000, 1_190)
    ours = partial(scores, whole.data, whole.design, by="service", interval=None)
    work = "1,000,000 respondents x 25 items x 1,190 domains, SE"
    yield row(work, ours, "bare kernel, labels ready", Bare(whole).scores, "reach: 2 s", rounds=3)
    small = partial(scores, tenth.data, tenth.design, by="service", interval=None)
    yield row(work, ours, "a tenth of the respondents", small, "linear growth is 10", rounds=3)


def row(work: str, ours: Callable, name: str, bound: Callable, note: str = "", rounds: int = ROUNDS) -> dict:
    """One row: medians of runs taken in turns, of processor time so that other work does not count.

    A peer that starts threads of its own is timed by the wall clock, and so are we beside it.
    """
    clock = perf_counter if name == "svy" else process_time
    ours()
    pairs = [(timed(ours, clock), timed(bound, clock)) for _ in range(rounds)]
    mine, theirs = (median(side) for side in zip(*pairs, strict=True))
    return line(work, mine, name, theirs, note)


def fixed(work: str, ours: Callable, name: str, bound_ms: float) -> dict:
    """One row beside a time measured in another process, by the wall clock."""
    ours()
    mine = median(timed(ours, perf_counter) for _ in range(ROUNDS))
    return line(work, mine, name, bound_ms, "")


def line(work: str, mine: float, name: str, theirs: float, note: str) -> dict:
    """One row of the table."""
    ratio = mine / theirs
    return {"work": work, "ours_ms": mine, "bound": name, "bound_ms": theirs, "ratio": ratio, "note": note}


def timed(work: Callable, clock: Callable[[], float]) -> float:
    """Milliseconds of one run."""
    start = clock()
    work()
    return (clock() - start) * 1e3


def svy_sample(survey: Drawn, extra: pd.DataFrame | None = None):
    import polars as pl
    import svy

    frame = r_frame(survey)
    if extra is not None:
        frame = pd.concat([frame, extra.astype(int)], axis=1)
    table = pl.DataFrame({name: frame[name].to_numpy() for name in frame}).fill_nan(None)
    return svy.Sample(table, svy.Design(stratum="h", psu="c", wgt="w"))


def svy_scores(survey: Drawn) -> Callable:
    sample = svy_sample(survey)
    names = [f"{letter}{k}" for letter in "qf" for k in range(ITEMS)]
    return lambda: sample.estimation.mean(names, by="d", drop_nulls=True)


def svy_replicates(survey: Drawn) -> Callable:
    sample = svy_sample(survey)
    names = [f"{letter}{k}" for letter in "qf" for k in range(ITEMS)]

    def work() -> None:
        made = sample.weighting.create_bs_wgts(n_reps=REPLICATES)
        made.estimation.mean(names, by="d", method="replication", drop_nulls=True)

    return work


def svy_rake(survey: Drawn, table: pd.DataFrame, totals: dict) -> Callable:
    sample = svy_sample(survey, table)
    return lambda: sample.weighting.rake(
        controls=totals, tol=1e-10, wgt_name="raked", update_design_wgts=False
    )


def r_frame(survey: Drawn) -> pd.DataFrame:
    ratings = np.where(survey.table > 0, survey.table, np.nan).astype(float)
    fives = np.where(survey.table > 0, survey.table == 5, np.nan).astype(float)
    base = {"h": survey.stratum, "c": survey.psu, "w": survey.weight, "d": survey.domain}
    columns = {f"q{k}": ratings[:, k] for k in range(ITEMS)} | {f"f{k}": fives[:, k] for k in range(ITEMS)}
    return pd.DataFrame(base | columns)


def r_scores(survey: Drawn) -> float:
    body = """
    both <- function(k) as.formula(paste0("~q", k, "+f", k))
    cat(system.time(for (k in 0:24) svyby(both(k), ~d, d, svymean, na.rm = TRUE))[[3]])
    """
    return r_time(r_frame(survey), body)


def r_rake(survey: Drawn, table: pd.DataFrame, totals: dict) -> float:
    parts = [
        f"data.frame({name} = {r_vector(levels)}, Freq = {r_vector(levels.values())})"
        for name, levels in totals.items()
    ]
    margins = f"list({', '.join(parts)})"
    body = f"""
    m <- {margins}
    cat(system.time(rake(d, list(~region, ~age, ~sex), m, control = list(maxit = 50, epsilon = 1e-6)))[[3]])
    """
    return r_time(pd.concat([r_frame(survey)[["h", "c", "w"]], table.astype(int)], axis=1), body)


def r_vector(values) -> str:
    return f"c({', '.join(repr(float(value)) for value in values)})"


def r_time(frame: pd.DataFrame, body: str) -> float:
    """Milliseconds that R reports for a body that prints seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        frame.to_csv(path, index=False)
        script = f"""
        suppressMessages(library(survey))
        p <- read.csv("{path}")
        d <- svydesign(~c, strata = ~h, weights = ~w, data = p)
        {body}
        """
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]) * 1e3
