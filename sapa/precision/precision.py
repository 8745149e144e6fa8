"""The precision of the 2020 report: every table that the report leaves out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from estimators import change, tipping_point
from sapa.microdata import synthetic_2020
from sapa.precision.league import league, single
from sapa.precision.scenarios import DEALS, Redraw, Scenario, scenario
from sapa.precision.thin import ThinRule, thin_channels
from sapa.published import table

Progress = Callable[[float, str], None]
COUNTRY = "KZ"


@dataclass(frozen=True, slots=True, eq=False)
class Precision:
    """What the report leaves out, each table with the assumptions it rests on.

    Attributes
    ----------
    services, agencies, regions
        A row a unit and ``statistic`` (mean on 1..5, satisfaction as a share): the published ``estimate``,
        its ``se, lower, upper, half_width``; ``n`` and ``raters``; ``effective_n``; ``df``; ``replaced``, the
        score's weight on items whose variance is not their own; ``printed_rank``; ``rank`` by the published
        figure, ties sharing the best; the simultaneous rank set ``rank_low..rank_high``; ``separated``, the
        number of rivals it is established to differ from; ``resolvable``, the difference from a rival of
        median precision that would be established; ``thin`` and ``why_thin``; the same under the most and the
        least favourable assumptions with the suffixes ``_favourable`` and ``_unfavourable``; and
        ``in_microdata``, the score of the microdata, to be compared with the estimate.
    country
        The same for the country, without ranks.
    criterion_shares, channel_shares
        Share of the variance of every score, a row a node and statistic, a column a criterion or channel,
        under the assumed scenario.
    shares_by_scenario
        The shares by criterion under every scenario.
    change
        2019 to 2020 for the country, a row a statistic and scenario.
    thin_channels
        Services where a channel of a few people decides: :func:`sapa.precision.thin_channels`.
    assumptions
        A row a scenario: ``rho, deff, raters``, and how far the ranking is resolved under it.
    notes
        What holds for all of it, in sentences.
    """

    services: pd.DataFrame
    agencies: pd.DataFrame
    regions: pd.DataFrame
    country: pd.DataFrame
    criterion_shares: pd.DataFrame
    channel_shares: pd.DataFrame
    shares_by_scenario: pd.DataFrame
    change: pd.DataFrame
    thin_channels: pd.DataFrame
    assumptions: pd.DataFrame
    notes: tuple[str, ...]


def precision_2020(
    microdata: xr.Dataset,
    *,
    deff: float = 1.0,
    rho_range: tuple[float, float] = (0.2, 0.8),
    deff_range: tuple[float, float] = (1.0, 2.0),
    raters_range: tuple[int, int] = (1, 3),
    rule: ThinRule | None = None,
    level: float = 0.95,
    deals: int = DEALS,
    redraw: Redraw | None = None,
    progress: Progress | None = None,
) -> Precision:
    """Precision of the published scores of 2020, ranks they support, and what that depends on.

    Estimates are the published ones; synthetic microdata that re-publish the report give their covariance,
    under simple random sampling within service x channel x region and the rule for sparse items.

    Parameters
    ----------
    microdata
        From :func:`sapa.synthetic_2020`; its attribute ``rho`` is the assumed correlation.
    deff
        Assumed design effect beside the named design.
    rho_range, deff_range, raters_range
        From the kindest to the least kind: correlation within respondents, design effect; and the number of
        people behind the feedback figures, in multiples of the fewest that attain them, where more is kinder.
    rule
        Who is too thin to rank; ``ThinRule()`` if not given.
    level
        Of intervals, tests and rank sets.
    deals
        Deals of the microdata over which each covariance is averaged, the same seeds in every scenario: who
        gave which rating is chance. The error that is left is ``se_mc_error``.
    redraw
        Microdata for a rho and a seed; ``synthetic_2020(rho=..., rng=seed)`` if not given.
    progress
        Called with the share done and what is being done.

    Raises
    ------
    ValueError
        When a range is the wrong way round, `deals` is below 1 or the microdata do not say their rho.
    """
    _check(microdata, deals, rho_range=rho_range, deff_range=deff_range, raters_range=raters_range)
    tell = progress or (lambda share, what: None)
    again = redraw or (lambda rho, seed: synthetic_2020(rho=rho, rng=seed))
    thin = ThinRule() if rule is None else rule
    plan = (
        ("assumed", float(microdata.attrs["rho"]), deff, raters_range[0]),
        ("favourable", rho_range[0], deff_range[0], raters_range[1]),
        ("unfavourable", rho_range[1], deff_range[1], raters_range[0]),
    )
    scenarios = []
    for done, (name, rho, factor, raters) in enumerate(plan):
        tell(done / 4, f"covariance of all scores, {name} assumptions")
        dealt = [again(rho, seed) for seed in range(deals)]
        scenarios.append(scenario(name, dealt, rho=rho, deff=factor, raters=raters, level=level))
    tell(3 / 4, "intervals and rank sets")
    leagues = {
        unit: league(scenarios, unit, rule=thin, level=level) for unit in ("service", "agency", "region")
    }
    year = table("yearly").set_index("year")
    figures = {"mean": year.at[2020, "mean_score"], "satisfaction": year.at[2020, "satisfaction_pct"] / 100}
    found = Precision(
        leagues["service"],
        leagues["agency"],
        leagues["region"],
        single(scenarios, COUNTRY, figures, level),
        _shares(scenarios[0].scores, "criterion"),
        _shares(scenarios[0].scores, "channel"),
        pd.concat(
            [_shares(case.scores, "criterion").assign(scenario=case.name) for case in scenarios],
            ignore_index=True,
        ),
        _change(scenarios, year, level),
        thin_channels(microdata),
        _assumptions(scenarios, leagues["service"]),
        _notes(scenarios[0], thin, level, deals, leagues["region"]),
    )
    tell(1.0, "precision")
    return found


def _check(microdata: xr.Dataset, deals: int, **ranges: tuple[float, float]) -> None:
    for name, pair in ranges.items():
        if pair[0] > pair[1]:
            raise ValueError(f"{name} must run from the smaller to the larger, got {pair}")
    if "rho" not in microdata.attrs:
        raise ValueError("microdata must say their correlation in attrs['rho'], as synthetic_2020 does")
    if deals < 1:
        raise ValueError(f"deals must be at least 1, got {deals}")


def _shares(scores: xr.Dataset, part: str) -> pd.DataFrame:
    """Wide table of variance shares: columns level, node, statistic and one a label of the part."""
    wide = scores[f"share_{part}"].transpose("node", "statistic", part)
    index = pd.MultiIndex.from_product(
        [wide["node"].values, wide["statistic"].values], names=["node", "statistic"]
    )
    frame = pd.DataFrame(wide.values.reshape(len(index), -1), index=index, columns=wide[part].values.tolist())
    frame.insert(0, "level", np.repeat(scores["level"].values, wide.sizes["statistic"]))
    return frame.reset_index()


def _change(scenarios: Sequence[Scenario], year: pd.DataFrame, level: float) -> pd.DataFrame:
    """Country, 2019 to 2020: the 2019 round is given 2020's precision per respondent, and independence."""
    rows = []
    size = year["sample_size"]
    for statistic, column, unit in (("mean", "mean_score", 1.0), ("satisfaction", "satisfaction_pct", 0.01)):
        for case in scenarios:
            score = case.scores.sel(node=COUNTRY, statistic=statistic)
            after = float(score["se"])
            before = after * float(np.sqrt(size[2020] / size[2019]))
            old, new = (_round(float(year.at[y, column]) * unit, statistic, y) for y in (2019, 2020))
            df = float(score["df"])
            test = change(old, [before], new, [after], level=level, adjust="none", df=df)
            tip = tipping_point(test["difference"], test["se"].values, level=level, df=df, deff=case.deff)
            row = {
                name: float(test[name][0])
                for name in ("before", "after", "difference", "se", "lower", "upper")
            }
            rows.append(
                {"statistic": statistic, "scenario": case.name, "rho": case.rho, "deff": case.deff}
                | {"raters": case.raters}
                | row
                | {"p_value": float(test["p_value"][0]), "changed": bool(tip["significant"][0])}
                | {"flips_at_deff": float(tip["deff"][0]), "caution": str(test.attrs["caution"])}
            )
    return pd.DataFrame(rows)


def _round(value: float, statistic: str, year: int) -> xr.DataArray:
    definition = (
        f"satisfaction as computed in {year}" if statistic == "satisfaction" else "mean of ratings 1..5"
    )
    return xr.DataArray([value], dims="unit", coords={"unit": [COUNTRY]}, attrs={"definition": definition})


def _assumptions(scenarios: Sequence[Scenario], services: pd.DataFrame) -> pd.DataFrame:
    """Each scenario, and how far it lets the 62 services be told apart by Q."""
    rows = services[services["statistic"] == "mean"]
    table_rows = []
    for case in scenarios:
        suffix = "" if case.name == "assumed" else f"_{case.name}"
        size = len(rows)
        table_rows.append(
            {
                "scenario": case.name,
                "rho": case.rho,
                "correlation": case.correlation,
                "deff": case.deff,
                "raters": case.raters,
                "thin": int(rows[f"thin{suffix}"].sum()),
                "median_half_width": float(rows[f"half_width{suffix}"].median()),
                "median_rank_set": float(
                    (rows[f"rank_high{suffix}"] - rows[f"rank_low{suffix}"] + 1).median()
                ),
                "pairs_told_apart": float(rows[f"separated{suffix}"].sum() / (size * (size - 1))),
                "resolvable": float(rows[f"resolvable{suffix}"].median()),
            }
        )
    return pd.DataFrame(table_rows)


def _notes(
    case: Scenario, rule: ThinRule, level: float, deals: int, regions: pd.DataFrame
) -> tuple[str, ...]:
    attrs = case.scores.attrs
    of_mean = regions[regions["statistic"] == "mean"]
    off = float((of_mean["estimate"] - of_mean["in_microdata"]).abs().max())
    before = int(table("yearly").set_index("year").at[2019, "sample_size"])
    return (
        "Estimates are the published ones; synthetic microdata that re-publish the report give their "
        f"covariance, averaged over {deals} deals of who gave which rating.",
        f"A correlation rho of latent scores makes ratings of one person correlate {case.correlation:.2f}.",
        f"Design: {attrs['design']}, lone respondents merged within service x channel; deff {case.deff:g}. "
        "Contact lists, online volunteers and snowball are no probability sample: intervals are model-based.",
        f"Sparse items: {attrs['rule']}.",
        f"Satisfaction: share of fives of those {attrs['denominator']}.",
        f"Intervals at {level:.0%}; rank sets hold for all units of a table at once.",
        f"A unit is thin, and marked so, without {rule}.",
        "Agencies: Appendix A, the mean of an agency's services. Table 9 (own responsibility) is the mean of "
        "the state-body rows of provider tables, zones of items across criteria; the verdicts judge it.",
        "Regions: Table 12, the mean of the local services' scores in the region, each taken to follow the "
        "service's own rule, which the report does not print by region; the microdata's own scores of "
        "regions "
        f"differ from Table 12 by up to {off:.2f}.",
        "Thin units stay rivals in every rank set; a set holds under each unit's own degrees of freedom.",
        f"2019 is given 2020's variance per respondent, {before:,} of them, and independence; its "
        f"satisfaction "
        "was computed differently, and its services were not all the same.",
    )
