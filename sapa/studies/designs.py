"""Studies of the design as fielded, of scoring rules and of what fieldwork does."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from estimators.intervals import IntervalKind
from sapa.studies.declaring import ERRORS, RANKING, by_size, design, judged, mean_of, respondents, truths
from sapa.studies.scoring import (
    RULES,
    Composed,
    ItemIntervals,
    Leaves,
    RuleScores,
    ShrunkenFeedback,
    Statistic,
)
from sapa.studies.settings import Settings, row, rows_of, table_of
from sapa.studies.world import World
from simulate import Diagnosis, Fabrication, Interviewers, Modes, Outcome, for_each
from simulate import diagnosands as d

KINDS: Final[dict[Statistic, tuple[IntervalKind, ...]]] = {
    "mean": (
        "wald",
        "logit",
        "arcsine",
        "likelihood",
        "bootstrap_t",
        "smoothed_moments",
        "profile",
        "gaffke",
    ),
    "satisfaction": (
        "wald",
        "logit",
        "arcsine",
        "likelihood",
        "bootstrap_t",
        "wilson",
        "clopper_pearson",
        "korn_graubard",
    ),
}
ITEM: Final = "o01"
CHANGES: Final = (0.0, 0.05, 0.1, 0.2)
FABRICATED: Final = (0.0, 0.025, 0.05, 0.1)
WORKLOAD: Final = 30
ONLINE: Final = (0.3, 0.6)
MODE_EFFECT: Final = -0.1
LEVEL: Final = 0.05


def as_fielded(world: World, settings: Settings) -> pd.DataFrame:
    """The 2020 design: intervals by cell size, size and power of change tests, rank sets, the top three."""
    rule = RuleScores()
    whole = Composed(Leaves.of(world.population).existing(world.population))
    estimators = {"official": for_each(Composed()), "official, leaves expected": for_each(whole)}
    base = design(world, "as fielded", estimators, dict.fromkeys(estimators, rule.truth))
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
    named = judged(first, "official, leaves expected", {"coverage": d.coverage, "width": d.width})
    rows += rows_of(base.name, "official, leaves expected", named, groups)
    rows += rows_of(base.name, "rank sets", rank_sets(outcome), groups)
    for change in CHANGES:
        name, found = change_test(outcome, second.outcome("official"), change)
        rows += rows_of(base.name, f"change of {change:g}", {name: found}, groups)
    rows += item_intervals(world, settings)
    return table_of(rows, settings, study="the 2020 design as fielded")


def rules(world: World, settings: Settings) -> pd.DataFrame:
    """The official scoring rule against its alternatives, each judged against its own truth."""
    estimators: dict[str, RuleScores] = {rule: RuleScores(rule) for rule in RULES}
    official = estimators["official"].truth
    run = settings.run(
        design(
            world,
            "rules",
            {**estimators, "shrunken_feedback": for_each(ShrunkenFeedback())},
            {**truths(estimators), "shrunken_feedback": official},
        )
    )
    rows = []
    for rule in run.study.estimators:
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


def item_intervals(world: World, settings: Settings) -> list[dict[str, object]]:
    """Coverage of every interval kind for one office item by respondents of the form."""
    estimators = {
        f"item {ITEM}, {statistic}, {kind}": ItemIntervals(ITEM, kind, statistic)
        for statistic, kinds in KINDS.items()
        for kind in kinds
    }
    truth = {name: estimator.truth for name, estimator in estimators.items()}
    run = settings.run(design(world, f"item {ITEM}", estimators, truth))
    put = ~np.isnan(run.outcome(next(iter(estimators))).truth)
    groups = {name: mask & put for name, mask in by_size(world.plan.sum("region").to_numpy()).items()}
    rows = []
    for name in estimators:
        found = judged(run, name, {"coverage": d.coverage, "width": d.width})
        rows += rows_of("as fielded", name, found, groups)
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
