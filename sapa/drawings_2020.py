"""Each figure of 2020 from its figures: what is drawn, in which order, under which names."""

from collections.abc import Iterable
from typing import Final, Literal

import pandas as pd
from matplotlib.axes import Axes

from estimators import max_entropy, tiers
from sapa import figures
from sapa.coverage import SIZES, coverage_by_size
from sapa.microdata import synthetic_2020
from sapa.precision.league import published
from sapa.precision.scenarios import DEALS, scenario
from sapa.published import Language, Unit, load
from sapa.reproduction import Reproduction
from sapa.tallies import crossed, rating_shares
from sapa.words import short_names, table_name

Measure = Literal["mean", "satisfaction"]
AMBULANCE: Final = "ambulance_"
TABLES: Final[dict[Unit, str]] = {"service": "services", "agency": "agencies", "region": "regions"}
LEVEL: Final = 0.95
HISTORY: Final[dict[Unit, str]] = {"agency": "own_agencies", "region": "local_bodies"}
SINCE: Final = 2019
EVERY: Final = slice(None)


def league(result: Reproduction, unit: Unit, statistic: Measure) -> pd.DataFrame:
    """Rows of a statistic in the printed order of the mean, shares in percent."""
    frame: pd.DataFrame = result.tables()[TABLES[unit]]
    rows = frame[frame["statistic"] == statistic].sort_values("printed_rank")
    scale = _scale(statistic)
    return rows.assign(**{key: rows[key] * scale for key in ("estimate", "lower", "upper", "resolvable")})


def _scale(statistic: Measure) -> float:
    return 100.0 if statistic == "satisfaction" else 1.0


def _quantity(statistic: Measure) -> str:
    return "satisfaction" if statistic == "satisfaction" else "q"


def _labels(ids: Iterable[str], unit: Unit, language: Language) -> list[str]:
    return figures.row_labels(list(ids), short_names(unit, language=language))


def ledger(result: Reproduction, language: Language) -> Axes:
    """Printed figures by status."""
    counts = result.ledger_counts.drop(index="all", columns="figures").T.to_dict()
    counts = {table_name(str(name), language=language): found for name, found in counts.items()}
    return figures.ledger_bars(counts, language=language)


def intervals(
    result: Reproduction, unit: Unit, statistic: Measure, language: Language, rows: slice = EVERY
) -> Axes:
    """Published figures with intervals; `rows` of the league, on the axis of the whole."""
    every = league(result, unit, statistic)
    shown = every.iloc[rows]
    ax = figures.caterpillar(
        shown["estimate"],
        shown["lower"],
        shown["upper"],
        _labels(shown[unit], unit, language),
        level=LEVEL,
        thin=shown["thin"],
        resolvable=float(every["resolvable"].median()),
        quantity=_quantity(statistic),
        language=language,
    )
    space = 0.02 * (every["upper"].max() - every["lower"].min())
    ax.set_xlim(every["lower"].min() - space, every["upper"].max() + space)
    return ax


def rank_sets(
    result: Reproduction, unit: Unit, statistic: Measure, language: Language, rows: slice = EVERY
) -> Axes:
    """Published ranks and rank sets; `rows` of the league."""
    every = league(result, unit, statistic)
    shown = every.iloc[rows]
    return figures.rank_sets(
        shown["printed_rank"] if statistic == "mean" else shown["rank"],
        shown["rank_low"],
        shown["rank_high"],
        _labels(shown[unit], unit, language),
        level=LEVEL,
        thin=shown["thin"],
        places=len(every),
        source="published_rank" if statistic == "mean" else "rank_of_estimate",
        language=language,
    )


def tiers_of(unit: Unit, statistic: Measure, seed: int, language: Language) -> Axes:
    """Letters of the published figures, under the assumed scenario."""
    deals = [synthetic_2020(rng=seed + deal) for deal in range(DEALS)]
    rho = float(deals[0].attrs["rho"])
    rows = published(unit).sort_values("printed_rank")
    scores = scenario("assumed", deals, rho=rho, deff=1.0, raters=1, level=LEVEL).scores
    ids = rows.index.to_numpy()
    part = scores.sel(node=ids, other=ids, statistic=statistic)
    found = tiers(
        rows[statistic].to_numpy(), part["covariance"].values, level=LEVEL, df=float(part["df"].min())
    )
    names = found["tier"].values.tolist()
    labels = _labels(ids, unit, language)
    return figures.tiers(found["member"].values, names, labels, level=LEVEL, language=language)


def allocation(seed: int, language: Language) -> Axes:
    """Synthetic respondents by region and service."""
    people = synthetic_2020(rng=seed)
    counts = crossed(people["region"].values, people["service"].values)
    names = short_names("region", language=language)
    return figures.allocation_map(
        counts.to_numpy(),
        counts.sum(axis=1),
        counts.sum(axis=0),
        [names[region] for region in counts.index],
        list(counts.columns),
        quantity="interviews",
        language=language,
    )


def distributions(unit: Unit, seed: int, language: Language) -> Axes:
    """Ratings 1 to 5 of the synthetic respondents, in the printed order."""
    people = synthetic_2020(rng=seed)
    shares = rating_shares(people["ratings"].values, people[unit].values)
    order = published(unit).sort_values("printed_rank").index
    return figures.distributions(shares.loc[order], _labels(order, unit, language), language=language)


def _shares(result: Reproduction) -> pd.DataFrame:
    """Variance shares of the services' Q by criterion, the ambulance's five criteria together."""
    frame = result.precision.criterion_shares.query("level == 'service' and statistic == 'mean'")
    frame = frame.set_index("node").drop(columns=["level", "statistic"])
    own = [column for column in frame if column.startswith(AMBULANCE)]
    return frame.drop(columns=own).assign(ambulance=frame[own].sum(axis=1))


def variance_shares(result: Reproduction, language: Language, rows: slice = EVERY) -> Axes:
    """Shares of the criteria in the variance of the services' Q, most feedback on top."""
    frame = _shares(result).sort_values("feedback", ascending=False).iloc[rows]
    labels = _labels(frame.index, "service", language)
    return figures.variance_shares({name: frame[name] for name in frame}, labels, language=language)


def effective(result: Reproduction, language: Language, rows: slice = EVERY) -> Axes:
    """Respondents and effective numbers of the services."""
    every = league(result, "service", "mean")
    shown = every.iloc[(every["effective_n"] / every["n"]).argsort(kind="stable")].iloc[rows]
    labels = _labels(shown["service"], "service", language)
    ax = figures.effective_numbers(shown["n"], shown["effective_n"], labels, language=language)
    ends = every[["n", "effective_n"]].to_numpy()
    ax.set_xlim(ends.min() / 1.1, ends.max() * 1.1)
    return ax


def one_person(result: Reproduction, language: Language) -> Axes:
    """The service that one respondent moves most."""
    rows = result.precision.thin_channels.query("statistic == 'mean' and n == 1")
    row = rows.loc[(rows["rank_without"] - rows["rank"]).abs().idxmax()]
    others = load("service_ranking_2020").drop_sel(service=["total", row["service"]])["mean_score"]
    name = _labels([row["service"]], "service", language)[0]
    return figures.one_persons_channel(row["published"], row["without"], others, name=name, language=language)


def population(language: Language) -> Axes:
    """Regions in the population and in the sample."""
    people = load("population_2020")["population"].to_series()
    sample = load("regions")["n_respondents"].to_series().loc[people.index]
    order = (sample / sample.sum() - people / people.sum()).sort_values().index
    shares = (people / people.sum()).loc[order], (sample / sample.sum()).loc[order]
    return figures.population_and_sample(*shares, _labels(order, "region", language), language=language)


def region_map(statistic: Measure, language: Language) -> Axes:
    """Published figures of the regions as tiles."""
    rows = published("region")
    return figures.tile_map(
        (rows[statistic] * _scale(statistic)).to_dict(),
        figures.tile_names(language=language),
        quantity=_quantity(statistic),
        digits=1 if statistic == "satisfaction" else 2,
        language=language,
    )


def change(result: Reproduction, unit: Unit, statistic: Measure, language: Language) -> Axes:
    """2019 to 2020, with the verdicts for all units at once."""
    rows = result.verdicts.changes
    rows = rows[
        (rows["league"] == HISTORY[unit])
        & (rows["statistic"] == statistic)
        & (rows["scenario"] == "assumed")
        & (rows["since"] == SINCE)
    ].sort_values("difference", ascending=False)
    scale = _scale(statistic)
    return figures.dumbbells(
        rows["before"] * scale,
        rows["after"] * scale,
        rows["together"].replace("", "not_apart").tolist(),
        _labels(rows["unit"], unit, language),
        names=(str(SINCE), "2020"),
        quantity=_quantity(statistic),
        language=language,
    )


def coverage(language: Language) -> Axes:
    """Coverage of intervals for one item distributed like the country."""
    country = load("yearly").sel(year=2020)
    law = max_entropy(float(country["mean_score"]), float(country["satisfaction_pct"]) / 100).pmf
    found = coverage_by_size(law, level=LEVEL)
    return figures.coverage_curves(SIZES, found, level=LEVEL, language=language)


def study_of_rules(quantity: str | None, replicates: int, seed: int, language: Language) -> Axes:
    """Scoring rules side by side, simulated."""
    from sapa.studies import study  # here, for the studies take long to load
    from sapa.studies.drawing import draw_study

    table = study("rules", replicates=replicates, seed=seed, progress=False)
    return draw_study(table, quantity=quantity, language=language)
