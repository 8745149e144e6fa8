"""How much the verdicts owe to chance: the same printed counts, dealt to people anew."""

from collections.abc import Sequence

import pandas as pd

from sapa.precision.scenarios import Redraw
from sapa.verdicts.leagues import SOURCES, cases
from sapa.verdicts.rules import OnePersonRule, one_person
from sapa.verdicts.separation import standing


def by_deals(
    redraw: Redraw,
    assumed: pd.DataFrame,
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
    redraw
        Microdata for a rho and a seed.
    assumed
        Row of the assumed scenario: ``scenario, rho, deff, raters``.
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
    rho = float(assumed["rho"].iloc[0])
    found = []
    for seed in seeds:
        (case,) = cases(assumed, level=level, redraw=redraw, seeds=[seed])
        apart = {league: int(standing(case, league, "mean", level=level).better.sum()) for league in SOURCES}
        single = one_person(redraw(rho, seed), rule).query("statistic == 'mean' and decided")["service"]
        found.append({"seed": seed, **apart, "services_decided": len(single), "decided": " ".join(single)})
    return pd.DataFrame(found)
