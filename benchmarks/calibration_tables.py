"""Write docs/tests.md, size and power of every test: ``python -m benchmarks.calibration_tables``.

A trial draws estimates, asks a test, and says whether it rejected a true null (size) or a false one (power).
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from benchmarks.coverage_tables import markdown
from benchmarks.rank_set_tables import rows as rank_sets_hold
from estimators import (
    adjust,
    bounds_on,
    change,
    equivalence,
    homogeneity,
    joint_region,
    kendall,
    multinomial_ranks,
    multinomial_winner,
    pairwise,
    ranks,
    tau_best,
    tau_worst,
    tiers,
    trend,
    verify_top,
)

ALPHA = 0.05
SIZE = 6
SE = np.linspace(0.03, 0.1, SIZE)
LINKED = np.outer(SE, SE) * (0.4 + 0.6 * np.eye(SIZE))
OWN_DF = np.array([4.0, 6, 8, 12, 30, 200])
DRAWS = 1_000
MOVED = 2  # the unit that changes between rounds, or might
Rng = np.random.Generator
Trial = Callable[[Rng, bool], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """One test, the two worlds it is tried in, and a trial in either."""

    call: str
    null: str
    other: str
    trial: Trial


def drawn(rng: Rng, truth: np.ndarray, df: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and covariance: known and correlated, or independent with variances estimated on `df`."""
    if df is None:
        return rng.multivariate_normal(truth, LINKED), LINKED
    return truth + SE * rng.standard_normal(SIZE), np.diag(SE**2 * rng.chisquare(df) / df)


def ahead(distance: float, unit: int = 0) -> np.ndarray:
    """One unit `distance` above the others, which are equal."""
    truth = np.zeros(SIZE)
    truth[unit] = distance
    return truth


def of_table(test: Callable[..., bool], df: np.ndarray | None = None, distance: float = 0.3) -> Trial:
    """Trial of a league: any order of equal units established, or the first above the noisiest."""

    def trial(rng: Rng, real: bool) -> bool:
        estimate, covariance = drawn(rng, ahead(distance if real else 0.0), df)
        return test(estimate, covariance, real, rng=rng, df=np.inf if df is None else df)

    return trial


def any_pair(method: str) -> Callable[..., bool]:
    def test(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
        found = pairwise(x, covariance, adjust=method, df=df, draws=DRAWS, rng=rng)
        hit = found["p_adjusted"].values <= ALPHA
        return bool(hit[SIZE - 2] if real else hit.any())

    return test


def rank_sets(simultaneous: bool) -> Callable[..., bool]:
    def test(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
        found = ranks(x, covariance, simultaneous=simultaneous, df=df, draws=DRAWS, rng=rng)
        wide = found["upper"].values - found["lower"].values < SIZE - 1
        return bool(found["upper"][0] == 1 if real else wide.any() if simultaneous else wide[0])

    return test


def letters(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
    found = tiers(x, covariance, df=df, draws=DRAWS, rng=rng)["different"].values
    return bool(found[0, -1] if real else found.any())


def region(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
    found = joint_region(x, covariance, df=df)
    narrow = found["rank_upper"].values - found["rank_lower"].values < SIZE - 1
    return bool(found["rank_upper"][0] == 1 if real else narrow.any())


def best_set(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
    found = tau_best(x, covariance, tau=1, df=df, draws=DRAWS, rng=rng).values
    return bool(not found[-1] if real else not found.all())


def worst_set(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
    found = tau_worst(x, covariance, tau=1, df=df, draws=DRAWS, rng=rng).values
    return bool(not found[0] if real else not found.all())


def equal(x: np.ndarray, covariance: np.ndarray, real: bool, *, rng: Rng, df: object) -> bool:
    return homogeneity(x, covariance, df=df).p_value <= ALPHA


def hotelling(rng: Rng, real: bool) -> bool:
    people = rng.multivariate_normal(ahead(0.1 if real else 0.0), LINKED * 20, 20)
    return homogeneity(people.mean(axis=0), np.cov(people.T) / 20, df=19).p_value <= ALPHA


def top(k: int, covariance: np.ndarray) -> Trial:
    """Trial: units that are not the best verified as such; the leaders tie at the border, the rest is far."""

    def trial(rng: Rng, real: bool) -> bool:
        truth = np.where(np.arange(SIZE) < k + (not real), 0.0, -0.4)
        x = rng.multivariate_normal(truth, covariance)
        return verify_top(x, covariance, k=k, draws=DRAWS, rng=rng).p_value <= ALPHA

    return trial


def moved(method: str, df: np.ndarray | None = None, cross: float = 0.0) -> Trial:
    def trial(rng: Rng, real: bool) -> bool:
        noise = rng.standard_normal((2, SIZE)) * np.sqrt(1 - cross)
        before, after = SE * (noise + np.sqrt(cross) * rng.standard_normal(SIZE))
        after = after + ahead(0.25 if real else 0.0, MOVED)
        spread = np.sqrt(rng.chisquare(df) / df) if df is not None else np.ones(SIZE)
        found = change(
            *(before, spread * SE, after, spread * SE),
            cross_covariance=np.diag(cross * SE**2 * spread**2),
            adjust=method,
            df=np.inf if df is None else df,
            draws=DRAWS,
            rng=rng,
        )
        hit = found["p_adjusted"].values <= ALPHA
        return bool(hit[MOVED] if real or method == "none" else hit.any())

    return trial


def near(rng: Rng, real: bool) -> bool:
    difference = rng.normal(0.0 if real else 0.1, 0.03)
    return bool(equivalence([difference], 0.03, margin=0.1)["equivalent"][0])


def line(errors: bool) -> Trial:
    def trial(rng: Rng, real: bool) -> bool:
        se = np.array([0.02, 0.05, 0.03, 0.04, 0.03]) if errors else np.full(5, 0.03)
        y = rng.normal(4.5 + (0.04 if real else 0.0) * np.arange(5), se)
        return bool(trend(y, se if errors else None)["p_value"] <= ALPHA)

    return trial


def bend(rng: Rng, real: bool) -> bool:
    shape = np.array([0.0, 0.1, 0.15, 0.1, 0.0]) * real
    return bool(trend(rng.normal(4.5 + shape, 0.03), np.full(5, 0.03))["misfit_p_value"] <= ALPHA)


def agreement(rng: Rng, real: bool) -> bool:
    """The interval misses the true tau, 0.2; or leaves 0 out where the rankings are one."""
    one = np.linspace(0, 1, SIZE)
    other = one if real else one[[2, 0, 5, 1, 4, 3]]
    x, y = (rng.multivariate_normal(truth, LINKED) for truth in (one, other))
    found = kendall(x, LINKED, y, LINKED, draws=DRAWS, rng=rng)
    true = kendall(one, None, other, None).tau
    return found.lower > 0 if real else not found.lower <= true <= found.upper


def corrected(method: str) -> Trial:
    """Ten statistics, six of them null; of the others the first is looked at."""
    correlation = 0.6 + 0.4 * np.eye(10)
    shift = np.r_[np.full(4, 3.0), np.zeros(6)]

    def trial(rng: Rng, real: bool) -> bool:
        z = rng.multivariate_normal(shift, correlation)
        options = {"correlation": correlation, "draws": DRAWS, "rng": rng} if method == "max_t" else {}
        hit = adjust(2 * norm.sf(np.abs(z)), method=method, **options)["p_adjusted"].values <= ALPHA
        return bool(hit[0] if real else hit[4:].any())

    return trial


def false_share(rng: Rng, real: bool) -> float:
    """Share of false findings among all: what Benjamini and Hochberg bound."""
    z = rng.normal(np.r_[np.full(4, 3.0), np.zeros(6)])
    hit = adjust(2 * norm.sf(np.abs(z)), method="bh")["p_adjusted"].values <= ALPHA
    return float(hit[0]) if real else hit[4:].sum() / max(1, hit.sum())


def winner(rng: Rng, real: bool) -> bool:
    counts = rng.multinomial(120, [0.5, 0.25, 0.25] if real else [0.45, 0.45, 0.1])
    return multinomial_winner(counts).p_value <= ALPHA


def categories(rng: Rng, real: bool) -> bool:
    found = multinomial_ranks(rng.multinomial(120, [0.5, 0.25, 0.25] if real else [1 / 3] * 3))
    return bool(found["upper"][0] == 1 if real else (found["upper"] - found["lower"] < 2).any())


def printed(change_of: bool) -> Trial:
    """Two services of one item, 150 people each, known from printed mean and share: certain differences."""
    law = np.array([0.02, 0.03, 0.06, 0.14, 0.75])
    other = law + np.array([0.15, 0, 0, 0, -0.15])

    def trial(rng: Rng, real: bool) -> bool:
        counts = np.array([rng.multinomial(150, p) for p in (law, other if real else law)])
        mean, share = (counts @ np.arange(1, 6) / 150).round(2), (counts[:, 4] / 150).round(3)
        told = {"raters": 150, "correlation": 0.5}
        if change_of:
            rounds = zip(mean, share, strict=True)
            before, after = (bounds_on([m], [p], [[1.0]], group=[0], **told) for m, p in rounds)
            found = after.change(before)
            return bool((found.rose | found.fell)[0])
        return bool(bounds_on(mean, share, np.eye(2), group=[0, 1], **told).pairwise().certain.any())

    return trial


LEAGUE = "six equal units", "one 0.3 ahead"
CLOSE = "six equal units", "one 0.1 ahead"
EVEN = np.eye(SIZE) * 0.06**2
UNEVEN = np.diag(SE**2)
BORDER = "a tie across the border", "0.4 across the border"
CASES = (
    *(Case(f"pairwise, {m}", *LEAGUE, of_table(any_pair(m))) for m in ("max_t", "holm", "bonferroni")),
    Case("pairwise, max_t, own df", *LEAGUE, of_table(any_pair("max_t"), OWN_DF)),
    Case("pairwise, holm, own df", *LEAGUE, of_table(any_pair("holm"), OWN_DF)),
    Case("ranks, all at once", *LEAGUE, of_table(rank_sets(True))),
    Case("ranks, all at once, own df", *LEAGUE, of_table(rank_sets(True), OWN_DF)),
    Case("ranks, each alone", *LEAGUE, of_table(rank_sets(False))),
    Case("tiers", *LEAGUE, of_table(letters)),
    Case("tau_best, 1", *LEAGUE, of_table(best_set)),
    Case("tau_worst, 1", *CLOSE, of_table(worst_set, distance=0.1)),
    Case("joint_region", *LEAGUE, of_table(region)),
    Case("verify_top, 1, equal variances", *BORDER, top(1, EVEN)),
    Case("verify_top, 1, unequal variances", *BORDER, top(1, UNEVEN)),
    Case("verify_top, 1, correlated", *BORDER, top(1, LINKED)),
    Case("verify_top, 3, unequal variances", *BORDER, top(3, UNEVEN)),
    Case("verify_top, 3, correlated", *BORDER, top(3, LINKED)),
    Case("homogeneity, chi-squared", *CLOSE, of_table(equal, distance=0.1)),
    Case("homogeneity, F, 20 clusters", *CLOSE, hotelling),
    Case("homogeneity, Welch, own df", *CLOSE, of_table(equal, OWN_DF, distance=0.1)),
    Case("change, none", "no change", "one of six by 0.25", moved("none")),
    Case("change, none, overlap 0.5", "no change", "one of six by 0.25", moved("none", cross=0.5)),
    *(Case(f"change, {m}", "no change", "one of six by 0.25", moved(m)) for m in ("max_t", "holm")),
    Case("change, max_t, own df", "no change", "one of six by 0.25", moved("max_t", OWN_DF)),
    Case("equivalence, margin 0.1", "a difference of 0.1", "a difference of 0", near),
    Case("trend, known errors", "slope 0", "0.04 a year", line(True)),
    Case("trend, errors from the scatter", "slope 0", "0.04 a year", line(False)),
    Case("trend, misfit", "a line", "a bend of 0.15", bend),
    Case("kendall", "the true tau, 0.2, missed", "two rankings that are one", agreement),
    Case("adjust, holm", "six true nulls of ten", "three errors away", corrected("holm")),
    Case("adjust, max_t", "six true nulls of ten", "three errors away", corrected("max_t")),
    Case("adjust, bh", "share of false findings", "three errors away", false_share),
    Case("multinomial_winner", "two likeliest of three", "twice as likely", winner),
    Case("multinomial_ranks", "three alike", "twice as likely", categories),
    Case("bounds_on, pairwise, certain", "two laws alike", "0.6 apart", printed(False)),
    Case("bounds_on, change, certain", "no change", "a fall by 0.6", printed(True)),
)


def row(case: Case, place: int, trials: int) -> dict[str, str]:
    """Size and power of a case, with their Monte Carlo errors."""
    name, comma, how = case.call.partition(",")
    out = {"test": f"`{name}`{comma}{how}"}
    for real, column, world in ((False, "size", case.null), (True, "power", case.other)):
        rng = np.random.default_rng([2020, place, real])
        hits = np.array([case.trial(rng, real) for _ in range(trials)], dtype=float)
        error = max(hits.std(ddof=1) / np.sqrt(trials), 1 / trials)
        out |= {"alternative" if real else "null": world, column: f"{hits.mean():.3f} ± {error:.3f}"}
    return out


PAGE = """# Size and power of every test

Written by `python -m benchmarks.calibration_tables`; every figure is computed, from {trials:,} trials each,
and ± is its Monte Carlo error. Level 0.05. *Size*: how often a true null is rejected, any of them where a
family is corrected. *Power*: how often the named difference is found; of the unit ahead, from the noisiest of
the others (`pairwise`, `tiers`, `tau_best`) or from all of them (`ranks`, `joint_region`).

Six units have standard errors from 0.03 to 0.1 and correlation 0.4; with *own df* they are independent and
their variances are estimated on 4 to 200 degrees of freedom. A size below 0.05 is caution: of corrections
for any dependence (`holm`, `bonferroni`), of sets read off intervals without covariances (`joint_region`),
of intervals that let every open pair go either way (`kendall`), of counts (`multinomial_ranks`), of more
than two units at the border or correlated ones (`verify_top`), of verdicts that must hold whatever was not
printed (`bounds_on`).

{table}

## How often rank sets hold

Twelve units, sets of `ranks` at 95%. *All at once*: no unit's set leaves out a rank that its true score has
(tied units have several). *Each alone*: the unit whose set fails most often, so that chance alone takes it a
little below 0.95. *Near ties* are closer than a standard error; with *negative* correlation the units sum up.

{held}

Elsewhere: [coverage of the intervals](coverage.md). `alternatives` (rules that agree in truth, rules that do
not) is in the test suite, where every row of both tables is tried again on other draws.
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration_tables", description=__doc__)
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=Path("docs/tests.md"))
    chosen = parser.parse_args()
    table = markdown([row(case, place, chosen.trials) for place, case in enumerate(CASES)])
    held = markdown(rank_sets_hold(chosen.trials))
    chosen.out.write_text(PAGE.format(trials=chosen.trials, table=table, held=held), encoding="utf-8")


if __name__ == "__main__":
    main()
