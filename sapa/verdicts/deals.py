"""How much the verdicts owe to chance: the same printed counts, dealt to people anew."""

from collections.abc import Callable, Sequence

import pandas as pd
import xarray as xr

from sapa.precision import Precision
from sapa.verdicts.leagues import ASSUMED, SOURCES, cases
from sapa.verdicts.rules import OnePersonRule, one_person
from sapa.verdicts.separation import standing


def by_deals(
    deal: Callable[[int], xr.Dataset],
    precision: Precision,
    rule: OnePersonRule,
    *,
    seeds: Sequence[int],
    level: float,
) -> pd.DataFrame:
    """What the assumed scenario tells apart, by mean, for other deals of the same counts to people.

    Which answers belong to one person, and the region of people of central services, are not printed;
    synthetic microdata draw them.

    Parameters
    ----------
    deal
        Microdata by seed.
    precision
        Its assumed scenario is taken.
    rule
        When one respondent decides a rank.
    seeds
        Of the deals.
    level
        Of the rank sets.

    Returns
    -------
    A row a deal: ``seed``, for every league (a column of its name) the number of pairs told apart,
    ``services_decided``, how many services' rank one respondent decides, and ``decided``, which ones, joined
    by spaces.
    """
    rows = precision.assumptions
    assumed = rows[rows["scenario"] == ASSUMED]
    found = []
    for seed in seeds:
        data = deal(seed)
        (case,) = cases(data, assumed, level=level, redraw=lambda rho: data)  # noqa: B023
        apart = {league: int(standing(case, league, "mean", level=level).better.sum()) for league in SOURCES}
        single = one_person(data, rule).query("statistic == 'mean' and decided")["service"]
        found.append({"seed": seed, **apart, "services_decided": len(single), "decided": " ".join(single)})
    return pd.DataFrame(found)
