"""Studies of plans: the same interviews by other rules, and the fewest for a stated decision."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import norm

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
from sapa.studies.declaring import (
    ERRORS,
    RANKING,
    Floats,
    Whole,
    by_size,
    design,
    judged,
    respondents,
    service_of_form,
    truths,
    world_services,
)
from sapa.studies.scoring import RuleScores
from sapa.studies.settings import Settings, row, rows_of, table_of
from sapa.studies.world import World
from simulate import Diagnosis, Run

FLOOR: Final = 50
LEVEL: Final = 0.05
CHANGE_WANTED, POWER_WANTED = 0.3, 0.9
LEAST, MOST = 5, 4000


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
    found = Diagnosis(*_share(abs(moved) > norm.isf(LEVEL / 2) * se), trials=1)
    rows = rows_of(study.name, "official", {"power found": found}, by_size(n))
    rows.append(row(study.name, "official", "power promised", "least", promised.probability, np.nan))
    least = int(found.value.argmin())
    part = Diagnosis(found.value[[least]], found.influence[:, [least]], trials=1).overall()
    value, error = float(part.value), float(part.mc_error())
    rows.append(row(study.name, "official", "least power found", services[least], value, error))
    return table_of(rows, settings, study=f"smallest plan for a change of {CHANGE_WANTED} in every service")


def unit_sd(run: Run, n: Whole) -> Floats:
    """(services,) SD of a score with one respondent: what the SD over replicates times sqrt(n) is."""
    return np.asarray(run.values["official.estimate"].std(axis=0, ddof=1) * np.sqrt(n))


def allocated(world: World, sd: Floats) -> dict[str, Whole]:
    """Services' interviews by rule, all with the total of 2020 and at least 5 each."""
    n = respondents(world)
    size, total = np.full(n.size, 1e6), int(n.sum())
    real = {
        "Neyman for the country": neyman(size, sd, total, lower=LEAST, upper=MOST),
        "equal precision": equal_precision(
            size, sd, total, domain=np.arange(n.size), mean=4.5, lower=LEAST, upper=MOST
        ),
        f"floor of {FLOOR}": proportional(n, total, lower=FLOOR),
    }
    return {name: round_total(values, total) for name, values in real.items()}


def spread_out(world: World, services: Whole) -> xr.DataArray:
    """Plan with given interviews by service, its forms and regions as in 2020."""
    table = world.plan.to_numpy()
    out = np.zeros_like(table)
    of = service_of_form(world)
    for service, n in enumerate(services):
        mine = table[of == service].astype(float)
        out[of == service] = round_total(mine * n / mine.sum(), int(n), upper=np.where(mine > 0, n, 0))
    return world.plan.copy(data=out)


def _share(hits: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return hits.mean(axis=0), hits - hits.mean(axis=0)
