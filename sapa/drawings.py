"""The figures of the 2020 reproduction, by the name of their file."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from sapa import figures
from sapa.published import Language, Unit, load, names
from sapa.reproduction import Reproduction

AMBULANCE = "ambulance_"
LEAGUES: dict[str, Unit] = {"services": "service", "agencies": "agency", "regions": "region"}


def drawings(result: Reproduction, *, language: Language = "en") -> dict[str, Callable[[], Axes]]:
    """What draws each figure, in the order of the report; nothing is drawn before it is called."""
    found: dict[str, Callable[[], Axes]] = {"ledger": partial(_ledger, result, language)}
    for name in LEAGUES:
        found[f"{name}_intervals"] = partial(_intervals, result, name, language)
        found[f"{name}_rank_sets"] = partial(_rank_sets, result, name, language)
    found["variance_shares"] = partial(_variance_shares, result, language)
    found["effective_numbers"] = partial(_effective, result, language)
    found["one_person"] = partial(_one_person, result, language)
    found["population_and_sample"] = partial(_population, language)
    return found


def _league(result: Reproduction, name: str) -> pd.DataFrame:
    """Rows of Q in the printed order."""
    frame: pd.DataFrame = result.tables()[name]
    return frame.query("statistic == 'mean'").sort_values("printed_rank")


def _labels(ids: list[str], unit: Unit, language: Language) -> list[str]:
    return figures.row_labels(ids, names(unit, language=language))


def _ledger(result: Reproduction, language: Language) -> Axes:
    counts = result.ledger_counts.drop(index="all", columns="figures").T.to_dict()
    return figures.ledger_bars(counts, language=language)


def _intervals(result: Reproduction, name: str, language: Language) -> Axes:
    rows = _league(result, name)
    unit = LEAGUES[name]
    return figures.caterpillar(
        rows["estimate"],
        rows["lower"],
        rows["upper"],
        _labels(rows[unit].tolist(), unit, language),
        thin=rows["thin"],
        resolvable=float(rows["resolvable"].median()),
        language=language,
    )


def _rank_sets(result: Reproduction, name: str, language: Language) -> Axes:
    rows = _league(result, name)
    unit = LEAGUES[name]
    labels = _labels(rows[unit].tolist(), unit, language)
    return figures.rank_sets(
        rows["printed_rank"],
        rows["rank_low"],
        rows["rank_high"],
        labels,
        thin=rows["thin"],
        language=language,
    )


def _shares(result: Reproduction) -> pd.DataFrame:
    """Variance shares of the services' Q by criterion, the ambulance's five criteria together."""
    frame = result.precision.criterion_shares.query("level == 'service' and statistic == 'mean'")
    frame = frame.set_index("node").drop(columns=["level", "statistic"])
    own = [column for column in frame if column.startswith(AMBULANCE)]
    return frame.drop(columns=own).assign(ambulance=frame[own].sum(axis=1))


def _variance_shares(result: Reproduction, language: Language) -> Axes:
    frame = _shares(result).sort_values("feedback", ascending=False)
    labels = _labels(frame.index.tolist(), "service", language)
    return figures.variance_shares({name: frame[name] for name in frame}, labels, language=language)


def _effective(result: Reproduction, language: Language) -> Axes:
    rows = _league(result, "services").assign(worth=lambda frame: frame["effective_n"] / frame["n"])
    rows = rows.sort_values("worth")
    labels = _labels(rows["service"].tolist(), "service", language)
    return figures.effective_numbers(rows["n"], rows["effective_n"], labels, language=language)


def _one_person(result: Reproduction, language: Language) -> Axes:
    rows = result.precision.thin_channels.query("statistic == 'mean' and n == 1")
    row = rows.loc[(rows["rank_without"] - rows["rank"]).abs().idxmax()]
    others = load("service_ranking_2020").drop_sel(service=["total", row["service"]])["mean_score"]
    name = _labels([row["service"]], "service", language)[0]
    return figures.one_persons_channel(row["published"], row["without"], others, name=name, language=language)


def _population(language: Language) -> Axes:
    people = load("population_2020")["population"].to_series()
    sample = load("regions")["n_respondents"].to_series().loc[people.index]
    order = (sample / sample.sum() - people / people.sum()).sort_values().index
    shares = (people / people.sum()).loc[order], (sample / sample.sum()).loc[order]
    return figures.population_and_sample(
        *shares, _labels(order.tolist(), "region", language), language=language
    )
