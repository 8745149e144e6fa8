"""The studies that are published: each a function of the world and the settings that returns one table."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from sampling import (
    Frame,
    allocate,
    detects_change,
    equal_precision,
    neyman,
    proportional,
    round_total,
    smallest_plan,
)
from sapa.studies.scoring import RULES, Composed, ItemIntervals, RuleScores
from sapa.studies.settings import Settings, row, rows_of, table_of
from sapa.studies.world import World, world_2020
from simulate import Diagnosis, Fabrication, Interviewers, Modes, Outcome, Population, Run, Study, for_each
from simulate import diagnosands as d
from simulate.study import Estimand, Estimator

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SIZES: Final = (("n < 10", 0, 10), ("n 10-29", 10, 30), ("n 30-99", 30, 100), ("n >= 100", 100, 10**9))
KINDS: Final = ("wald", "logit", "smoothed_moments", "profile")
ITEM: Final = "o01"
CHANGES: Final = (0.0, 0.05, 0.1, 0.2)
FABRICATED: Final = (0.0, 0.025, 0.05, 0.1)
FLOOR: Final = 50
WORKLOAD: Final = 30
ONLINE: Final = (0.3, 0.6)
MODE_EFFECT: Final = -0.1
CHANGE_WANTED, POWER_WANTED = 0.3, 0.9
LEVEL: Final = 0.05
RANKING: Final[dict[str, d.Diagnosand]] = {
    "kendall": d.kendall,
    "top3_exact": partial(d.top_exact, k=3),
    "winner": d.winner,
}
ERRORS: Final[dict[str, d.Diagnosand]] = {"bias": d.bias, "rmse": d.rmse, "spread": d.spread}


def as_fielded(world: World, settings: Settings) -> pd.DataFrame:
    """The 2020 design: intervals by cell size, size and power of change tests, rank sets, the top three."""
    rule = RuleScores()
    base = design(world, "as fielded", {"official": for_each(Composed())}, {"official": rule.truth})
    first = settings.run(base)
    second = settings.run(base, seed=settings.seed + 1)
    outcome = first.outcome("official")
    groups = by_size(respondents(world))
    figures: dict[str, d.Diagnosand] = {
        **ERRORS,
        "se_ratio": d.se_ratio,
        "coverage": d.coverage,
        "width": d.width,
        **RANKING,
    }
    rows = rows_of(base.name, "official", {name: f(outcome) for name, f in figures.items()}, groups)
    rows += rows_of(base.name, "rank sets", rank_sets(outcome), groups)
    for change in CHANGES:
        name, found = change_test(outcome, second.outcome("official"), change)
        rows += rows_of(base.name, f"change of {change:g}", {name: found}, groups)
    rows += item_intervals(world, settings)
    return table_of(rows, settings, study="the 2020 design as fielded")


def allocations(world: World, settings: Settings) -> pd.DataFrame:
    """The same number of interviews by several rules of allocation."""
    estimators = {"official": RuleScores(), "country": RuleScores(level="country")}
    base = design(world, "as fielded (proportional to the size measure)", estimators, truths(estimators))
    n = respondents(world)
    sd = unit_sd(settings.run(base), n)
    plans = {name: spread_out(world, services) for name, services in allocated(world, sd).items()}
    studies = {base.name: base} | {name: replace(base, plan=plan, name=name) for name, plan in plans.items()}
    rows = []
    for name, run in settings.compare(studies).runs.items():
        rows += rows_of(name, "official", judged(run, "official", {**ERRORS, **RANKING}), by_size(n))
        rows += rows_of(name, "country", judged(run, "country", ERRORS), {})
    return table_of(rows, settings, study="allocations of the same n; sizes are those of 2020")


def rules(world: World, settings: Settings) -> pd.DataFrame:
    """The official scoring rule against its alternatives, each judged against its own truth."""
    estimators: dict[str, RuleScores] = {rule: RuleScores(rule) for rule in RULES}
    run = settings.run(design(world, "rules", estimators, truths(estimators)))
    rows = []
    for rule in RULES:
        found = judged(run, rule, {**ERRORS, **RANKING})
        rows += rows_of("as fielded", rule, found, by_size(respondents(world)))
    return table_of(rows, settings, study="the official rule and its alternatives")


def fabrication(world: World, settings: Settings) -> pd.DataFrame:
    """Invented interviews at several rates, with the back-check of 15%."""
    estimators = {"official": RuleScores()}
    studies = {}
    for rate in FABRICATED:
        invented = Fabrication(rate=rate, fabricators=0.2 if rate else 1.0, sensitivity=0.9)
        response = replace(world.response, interviewers=Interviewers(WORKLOAD), fabrication=invented)
        name = f"{100 * rate:g}% invented"
        studies[name] = replace(design(world, name, estimators, truths(estimators)), response=response)
    rows = []
    for (name, run), rate in zip(settings.compare(studies).runs.items(), FABRICATED, strict=True):
        rows += rows_of(name, "official", judged(run, "official", {**ERRORS, **RANKING}), {})
        kept = run.values["survey.respondents"][:, 0]
        rows += rows_of(name, "interviews kept", {"mean": mean_of(kept)}, {})
        each = round(WORKLOAD * rate / 0.2)
        chance = studies[name].response.fabrication.detection(WORKLOAD, each)
        rows.append(row(name, "back-check", "detection", f"{each} of {WORKLOAD}", chance, np.nan))
    return table_of(rows, settings, study="fabrication by a fifth of the interviewers, 15% back-checked")


def modes(world: World, settings: Settings) -> pd.DataFrame:
    """A shift of the mode mix between two years: the spurious change beside the detectable one."""
    estimators = {"official": RuleScores(), "country": RuleScores(level="country")}
    studies = {}
    for online in ONLINE:
        mix = Modes(("telephone", "online"), (1 - online, online), (0.0, MODE_EFFECT), (0.0, 0.0))
        name = f"{100 * online:g}% online interviews"
        studies[name] = replace(
            design(world, name, estimators, truths(estimators)), response=replace(world.response, modes=mix)
        )
    compared = settings.compare(studies)
    first, second = compared.runs.values()
    rows = []
    for name in estimators:
        before, after = (d.bias(run.outcome(name)) for run in (first, second))
        spurious = Diagnosis(after.value - before.value, after.influence - before.influence)
        groups = by_size(respondents(world)) if name == "official" else {}
        rows += rows_of("30% to 60% online", name, {"spurious change": spurious}, groups)
        needed = norm.isf(LEVEL / 2) + norm.isf(0.2)
        spread = d.spread(first.outcome(name))
        found = Diagnosis(spread.value * needed * np.sqrt(2), spread.influence * needed * np.sqrt(2))
        rows += rows_of("30% to 60% online", name, {"detectable change": found}, groups)
    return table_of(rows, settings, study=f"mode effect of {MODE_EFFECT} SD of the latent rating")


def smallest(world: World, settings: Settings) -> pd.DataFrame:
    """The smallest plan that promises to find a change in every service, tried out."""
    estimators = {"official": RuleScores()}
    base = design(world, "as fielded", estimators, truths(estimators))
    n = respondents(world)
    sd = unit_sd(settings.run(base), n)
    services = world_services(world)
    frame = Frame(["all"], services, population=[1.0], recipients=sd**2, recipients_are="variances", sd=sd)
    promised = smallest_plan(
        lambda total: allocate(frame, total),
        detects_change(CHANGE_WANTED, by="service"),
        probability=POWER_WANTED,
        low=2000,
    )
    wanted = promised.plan.count("service")
    study = replace(base, plan=spread_out(world, wanted), name=f"smallest plan, n = {wanted.sum()}")
    first, second = settings.run(study), settings.run(study, seed=settings.seed + 1)
    se = (sd * np.sqrt(2 / wanted))[None]
    moved = second.values["official.estimate"] - first.values["official.estimate"] + CHANGE_WANTED
    found = d.Diagnosis(*_share(abs(moved) > norm.isf(LEVEL / 2) * se), trials=1)
    rows = rows_of(study.name, "official", {"power found": found}, by_size(n))
    rows.append(row(study.name, "official", "power promised", "least", promised.probability, np.nan))
    least = int(found.value.argmin())
    part = Diagnosis(found.value[[least]], found.influence[:, [least]], trials=1).overall()
    rows += rows_of(study.name, "official", {f"least power found ({services[least]})": part}, {})
    return table_of(rows, settings, study=f"smallest plan for a change of {CHANGE_WANTED} in every service")


STUDIES: Final[Mapping[str, Callable[[World, Settings], pd.DataFrame]]] = {
    "as-fielded": as_fielded,
    "allocations": allocations,
    "rules": rules,
    "fabrication": fabrication,
    "modes": modes,
    "smallest": smallest,
}


def study(
    name: str,
    *,
    replicates: int = 500,
    seed: int = 2020,
    rho: float = 0.5,
    store: str | os.PathLike[str] | None = None,
    client: Any = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Table of a published study.

    Parameters
    ----------
    name
        ``as-fielded``, ``allocations``, ``rules``, ``fabrication``, ``modes`` or ``smallest``.
    replicates, seed, store, client, progress
        As in :meth:`simulate.Study.run`.
    rho
        Correlation of a person's latent ratings.

    Returns
    -------
    One row a scenario, estimator, figure and group of services (``all``, or by the respondents of 2020), with
    value and Monte Carlo error. A figure that is computed, not simulated, has no error.

    Raises
    ------
    ValueError
        When the study is unknown.
    """
    if name not in STUDIES:
        raise ValueError(f"name must be one of {sorted(STUDIES)}, got {name!r}")
    folder = None if store is None else Path(store)
    return STUDIES[name](world_2020(rho=rho), Settings(replicates, seed, folder, client, progress))


def design(
    world: World, name: str, estimators: Mapping[str, Estimator], truth: Mapping[str, Estimand]
) -> Study:
    """Study of the world's plan."""
    return Study(
        population=world.population,
        plan=world.plan,
        response=world.response,
        estimators=estimators,
        estimands=truth,
        name=name,
    )


def truths(estimators: Mapping[str, RuleScores]) -> dict[str, Callable[[Population], xr.DataArray]]:
    """Each rule applied to the population."""
    return {name: rule.truth for name, rule in estimators.items()}


def item_intervals(world: World, settings: Settings) -> list[dict[str, object]]:
    """Coverage of interval kinds for one office item by respondents of the form."""
    estimators = {kind: ItemIntervals(ITEM, kind) for kind in KINDS}
    truth = {kind: estimator.truth for kind, estimator in estimators.items()}
    run = settings.run(design(world, f"item {ITEM}", estimators, truth))
    put = ~np.isnan(run.outcome(KINDS[0]).truth)
    groups = {name: mask & put for name, mask in by_size(world.plan.sum("region").to_numpy()).items()}
    rows = []
    for kind in KINDS:
        found = judged(run, kind, {"coverage": d.coverage, "width": d.width})
        rows += rows_of("as fielded", f"item {ITEM}, {kind}", found, groups)
    return rows


def rank_sets(outcome: Outcome) -> dict[str, Diagnosis]:
    """Width of the rank sets, and the chance that all of them hold the true ranks at once."""
    true = rankdata(-outcome.truth, method="min")
    lower, upper = outcome.get("rank_lower"), outcome.get("rank_upper")
    width = Outcome({"estimate": lower, "lower": lower, "upper": upper + 1}, true, outcome.cost, outcome.cost)
    together = ((lower <= true) & (true <= upper)).all(axis=1)
    return {"ranks in the set": d.width(width), "all sets hold": mean_of(together, trials=1)}


def change_test(first: Outcome, second: Outcome, change: float) -> tuple[str, Diagnosis]:
    """Rejection rate of the test of no change when the truth moves by `change`."""
    moved = second.get("estimate") - first.get("estimate") + change
    se = np.hypot(first.get("se"), second.get("se"))
    p = 2 * norm.sf(abs(moved) / np.where(se > 0, se, np.nan))
    truth = np.full(first.truth.shape, change)
    answers = Outcome({"estimate": moved, "p_value": p}, truth, first.cost, first.respondents)
    return ("size", d.size(answers)) if change == 0 else ("power", d.power(answers))


def judged(run: Run, estimator: str, figures: Mapping[str, d.Diagnosand]) -> dict[str, Diagnosis]:
    """Some diagnosands of one estimator."""
    outcome = run.outcome(estimator)
    return {name: figure(outcome) for name, figure in figures.items()}


def mean_of(values: NDArray[np.generic], *, trials: int = 0) -> Diagnosis:
    """Mean over replicates."""
    numbers = values.astype(float)
    return Diagnosis(np.array(numbers.mean()), numbers - numbers.mean(), trials)


def respondents(world: World) -> Whole:
    """(services,) respondents of 2020."""
    forms = world.plan.sum("region").to_numpy()
    return np.bincount(_service_of(world), weights=forms).astype(np.int64)


def world_services(world: World) -> list[str]:
    """Services in the order of their scores."""
    return list(dict.fromkeys(name.partition("/")[0] for name in world.population.labels("form")))


def by_size(n: Whole) -> dict[str, NDArray[np.bool_]]:
    """Masks of the domains by their respondents."""
    return {name: (n >= low) & (n < high) for name, low, high in SIZES}


def unit_sd(run: Run, n: Whole) -> Floats:
    """(services,) SD of a score with one respondent: what the SD over replicates times sqrt(n) is."""
    return np.asarray(run.values["official.estimate"].std(axis=0, ddof=1) * np.sqrt(n))


def allocated(world: World, sd: Floats) -> dict[str, Whole]:
    """Services' interviews by rule, all with the total of 2020 and at least 5 each."""
    n = respondents(world)
    size, total = np.full(n.size, 1e6), int(n.sum())
    most = np.full(n.size, 4000)
    real = {
        "Neyman for the country": neyman(size, sd, total, lower=5, upper=most),
        "equal precision": equal_precision(
            size, sd, total, domain=np.arange(n.size), mean=4.5, lower=5, upper=most
        ),
        f"floor of {FLOOR}": proportional(n, total, lower=FLOOR),
    }
    return {name: round_total(values, total) for name, values in real.items()}


def spread_out(world: World, services: Whole) -> xr.DataArray:
    """Plan with given interviews by service, its forms and regions as in 2020."""
    table = world.plan.to_numpy()
    out = np.zeros_like(table)
    of = _service_of(world)
    for service, n in enumerate(services):
        mine = table[of == service].astype(float)
        out[of == service] = round_total(mine * n / mine.sum(), int(n), upper=np.where(mine > 0, n, 0))
    return world.plan.copy(data=out)


def _service_of(world: World) -> NDArray[np.intp]:
    services = world_services(world)
    return np.array([services.index(name.partition("/")[0]) for name in world.population.labels("form")])


def _share(hits: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return hits.mean(axis=0), hits - hits.mean(axis=0)
