"""Is the 2020 ranking real: every verdict, from microdata and their precision."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd
import xarray as xr

from sapa.microdata import synthetic_2020
from sapa.precision import Precision
from sapa.precision.scenarios import DEALS, Redraw
from sapa.verdicts.changes import changes, sample_ratio
from sapa.verdicts.deals import by_deals
from sapa.verdicts.leagues import SOURCES, Case, cases
from sapa.verdicts.rules import OnePersonRule, by_rules, one_person
from sapa.verdicts.sentences import sentences
from sapa.verdicts.separation import adjacent, rank_sets, separation, standings
from sapa.verdicts.statements import SAME_MARGIN, judged, summed
from sapa.verdicts.summaries import certified, narrowed

Progress = Callable[[float, str], None]
SHOWN: Final = 5  # deals judged one by one


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What the 2020 ranking and its comparison with 2019 can support.

    Leagues are ``services`` (Table 8), ``agencies`` (Appendix A), ``own_agencies`` (Table 9), ``regions``
    (Table 12), ``local_bodies`` (Table 11) and ``all_providers`` (Appendix B); scenarios ``assumed``,
    ``favourable`` and ``unfavourable``, those of the precision.

    Attributes
    ----------
    leagues
        A row a league: its ``report`` table and whose covariance its figures are given (``basis``).
    separation
        How far each league tells its units apart: :func:`sapa.verdicts.separation.separation`.
    rank_sets
        Rank set of every unit: :func:`sapa.verdicts.separation.rank_sets`.
    adjacent
        Every pair of neighbours: :func:`sapa.verdicts.separation.adjacent`.
    statements
        Every statement of the report: :func:`sapa.verdicts.statements.summed`.
    statement_units
        Every unit that a statement names: :func:`sapa.verdicts.statements.judged`.
    certified
        What printed summaries alone certify: :func:`sapa.verdicts.summaries.certified`.
    narrowed
        The same under narrower assumptions: :func:`sapa.verdicts.summaries.narrowed`.
    changes
        2019 to 2020: :func:`sapa.verdicts.changes.changes`.
    rules
        Services by five rules: :func:`sapa.verdicts.rules.by_rules`.
    one_person
        Services without each of their respondents: :func:`sapa.verdicts.rules.one_person`.
    deals
        The same for single deals of the printed counts to people: :func:`sapa.verdicts.deals.by_deals`.
    sentences
        The verdicts in words, every number computed.
    assumptions
        What they rest on.
    """

    leagues: pd.DataFrame
    separation: pd.DataFrame
    rank_sets: pd.DataFrame
    adjacent: pd.DataFrame
    statements: pd.DataFrame
    statement_units: pd.DataFrame
    certified: pd.DataFrame
    narrowed: pd.DataFrame
    changes: pd.DataFrame
    rules: pd.DataFrame
    one_person: pd.DataFrame
    deals: pd.DataFrame
    sentences: tuple[str, ...]
    assumptions: tuple[str, ...]


def verdicts_2020(
    microdata: xr.Dataset,
    precision: Precision,
    *,
    level: float = 0.95,
    rule: OnePersonRule | None = None,
    deals: int = DEALS,
    redraw: Redraw | None = None,
    progress: Progress | None = None,
) -> Verdicts:
    """Verdicts on the 2020 ranking, its statements, the change from 2019, and whose doing it is.

    Parameters
    ----------
    microdata
        From :func:`sapa.synthetic_2020`; scored by other rules and without each respondent.
    precision
        From :func:`sapa.precision_2020` of the same microdata: its scenarios are judged.
    level
        Of every family of tests and of rank sets.
    rule
        When one respondent decides a rank; ``OnePersonRule()`` if not given.
    deals, redraw
        As given to :func:`sapa.precision_2020`: covariances are averaged over deals of who gave which rating.
    progress
        Called with the share done and what is being done.

    Raises
    ------
    ValueError
        When `level` is not between 0.5 and 1 or `deals` is below 1.
    """
    if not 0.5 < level < 1:
        raise ValueError(f"level must be between 0.5 and 1, got {level}: write 95% as 0.95")
    if deals < 1:
        raise ValueError(f"deals must be at least 1, got {deals}")
    tell = progress or (lambda share, what: None)
    decides = OnePersonRule() if rule is None else rule
    tell(0.0, "covariance of every league")
    again = redraw or (lambda rho, seed: synthetic_2020(rho=rho, rng=seed))
    found = cases(precision.assumptions, level=level, redraw=again, seeds=range(deals))
    tell(0.2, "rank sets and neighbours")
    standing = standings(found, level=level)
    neighbours = adjacent(standing)
    apart = separation(standing, neighbours, level=level)
    tell(0.4, "statements and changes")
    units = judged(standing, found, level=level)
    moved = changes(found, since=2019, level=level)
    tell(0.6, "printed summaries alone")
    sure, bounds_said = certified(level=level)
    narrow = narrowed(level=level)
    tell(0.7, "other rules and single respondents")
    rules = by_rules(microdata, rho=found[0].scenario.rho, level=level)
    single = one_person(microdata, decides)
    tell(0.9, "deals one by one")
    dealt = by_deals(
        again, precision.assumptions.iloc[:1], decides, seeds=range(min(deals, SHOWN)), level=level
    )
    told = Verdicts(
        leagues=pd.DataFrame(
            [{"league": k, "report": s.report, "basis": s.basis} for k, s in SOURCES.items()]
        ),
        separation=apart,
        rank_sets=rank_sets(standing),
        adjacent=neighbours,
        statements=summed(units, standing, level=level),
        statement_units=units,
        certified=sure,
        narrowed=narrow,
        changes=moved,
        rules=rules,
        one_person=single,
        deals=dealt,
        sentences=(),
        assumptions=(*_assumptions(found, level), *bounds_said),
    )
    words = sentences(told, thin=precision.thin_channels, decides=decides)
    tell(1.0, "verdicts")
    return replace(told, sentences=words)


def _assumptions(found: tuple[Case, ...], level: float) -> tuple[str, ...]:
    setting = "; ".join(
        f"{c.scenario.name}: correlation {c.scenario.rho:g}, design effect {c.scenario.deff:g}, "
        f"feedback raters x{c.scenario.raters}"
        for c in found
    )
    return (
        "Estimates are the published figures; synthetic microdata that re-publish the report give their "
        "covariance, averaged over deals of who gave which rating, under simple random sampling within "
        "service x channel x region.",
        f"Scenarios. {setting}.",
        *(f"{source.report}: the covariance is {source.basis}." for source in SOURCES.values()),
        "Half a unit of the last printed digit is not in these errors; it is in what printed summaries say.",
        f"Families at {level:.0%}: all pairs of a table; all units of a table for changes (Holm).",
        "Every unit's error has its own degrees of freedom.",
        f"2019 is independent of 2020 and each unit has its variance of 2020 times {sample_ratio(2019):.3f}, "
        "the ratio of the two years' whole samples; the respondents of 2019 by unit are not printed.",
        "Satisfaction of 2019 was computed otherwise: a change of satisfaction mixes change and definition.",
        f"'Unchanged' means within {SAME_MARGIN * 100:g} point of satisfaction, two one-sided tests.",
        "Ranks by other rules and without one respondent are those of the synthetic microdata's unrounded "
        "scores: who complained, and how they rated the rest, is one possibility of many.",
    )
