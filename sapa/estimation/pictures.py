"""Each figure of own answers: what is drawn, in which order, under which names."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from sapa import figures
from sapa.answers.reading import SLASH
from sapa.choices import Language, Statistic, Unit
from sapa.coverage import SIZES, coverage_by_size
from sapa.estimation.drawing import OF_RATINGS, Rows
from sapa.estimation.letters import letters
from sapa.estimation.official import PARTS, official
from sapa.estimation.small_cells import suppressed
from sapa.estimation.tables import estimate, rank
from sapa.tallies import crossed, item_shares, raters_of, rating_shares
from sapa.words import label, labels_of

EVERY: Final = slice(None)


def change(table: pd.DataFrame, *, names: tuple[str, str] | None, language: Language) -> Axes:
    """Dumbbells of a table of :func:`sapa.compare`."""
    statistic: Statistic = table.attrs["statistic"]
    by: Unit = next(unit for unit in ("channel", "service", "region") if unit in table)
    kept = table[table["difference"].notna()].sort_values("difference", ascending=False)
    return figures.dumbbells(
        kept["before"] * _scale(statistic),
        kept["after"] * _scale(statistic),
        kept["verdict"].replace("not told apart", "not_apart").tolist(),
        _labels(kept, by),
        names=names or (label("before", language=language), label("after", language=language)),
        quantity=_quantity(statistic),
        language=language,
    )


def scores(
    data: xr.Dataset,
    ranked: Mapping[str, Any],
    options: Mapping[str, Any],
    language: Language,
    rows: slice = EVERY,
) -> Axes:
    """Estimates and intervals, best on top, units too thin to rank drawn hollow."""
    by, statistic = ranked["by"], ranked["statistic"]
    ranking = rank(data, **ranked)
    names = list(PARTS[by])
    table = estimate(data, by=by, **options)
    table = table[(table["statistic"] == statistic) & table["estimate"].notna()]
    table = table.merge(ranking[[*names, "note"]], on=names).sort_values("estimate", ascending=False)
    table = table.iloc[rows]
    scale = _scale(statistic)
    middle, low, high = (table[name] * scale for name in ("estimate", "lower", "upper"))
    return figures.caterpillar(
        middle,
        low,
        high,
        _labels(table, by),
        level=ranked["level"],
        thin=table["note"] != "",
        resolvable=ranking.attrs["resolvable"] * scale,
        quantity=_quantity(statistic),
        language=language,
    )


def ranks(data: xr.Dataset, ranked: Mapping[str, Any], language: Language, rows: slice = EVERY) -> Axes:
    """Ranked units and the ranks that the data allow."""
    ranking = rank(data, **ranked)
    every = ranking[ranking["rank"].notna()]
    kept = every.iloc[rows]
    place, low, high = (kept[name].astype(int) for name in ("rank", "rank_lower", "rank_upper"))
    return figures.rank_sets(
        place,
        low,
        high,
        _labels(kept, ranked["by"]),
        level=ranked["level"],
        source="rank_of_estimate",
        places=len(every),
        language=language,
    )


def tiers_of(data: xr.Dataset, ranked: Mapping[str, Any], language: Language, rows: slice = EVERY) -> Axes:
    """Letters of the ranked units."""
    found = letters(data, **ranked)
    names = list(found.attrs["tiers"])
    found = found.iloc[rows]
    return figures.tiers(
        found[names].to_numpy(dtype=bool), names, _labels(found, ranked["by"]), level=ranked["level"],
        language=language,
    )  # fmt: skip


def allocation(data: xr.Dataset, min_cell: int, language: Language) -> Axes:
    """Respondents by region and service; cells of fewer than `min_cell` stay blank."""
    counts = crossed(_column(data, "region"), _column(data, "service"))
    counts = counts.where(counts >= min_cell, 0)
    rows, columns = (counts.sum(axis=axis) for axis in (1, 0))
    names = [list(map(shown, part)) for part in (counts.index, counts.columns)]
    return figures.allocation_map(
        counts.to_numpy(), rows, columns, *names, quantity="interviews", language=language
    )


def sample(
    data: xr.Dataset, population: Mapping[str, float] | None, min_cell: int, language: Language
) -> Axes:
    """Regions in the population and among the respondents; those of few respondents are left out."""
    if population is None:
        raise ValueError("population must be given for 'sample': of each region, under its name in the data")
    drawn = pd.Series(_column(data, "region")).map(shown).value_counts()
    lacking = sorted(set(drawn.index) - set(population))
    if lacking:
        raise ValueError(
            f"population must hold every region of the data, got none for {lacking[0]!r}; add it"
        )
    people = pd.Series(population, dtype=float).loc[drawn.index]
    if not (people > 0).all():
        odd = people.index[~(people > 0)][0]
        raise ValueError(f"population must be positive, got {people[odd]:g} for {odd!r}; correct it")
    shares = pd.DataFrame({"people": people / people.sum(), "drawn": drawn / drawn.sum()})
    shares = shares.loc[shown_rows(drawn, min_cell)]
    shares = shares.loc[(shares["drawn"] - shares["people"]).sort_values().index]
    return figures.population_and_sample(
        shares["people"], shares["drawn"], _broken(shares.index), language=language
    )


def distributions(data: xr.Dataset, by: Rows, min_cell: int, language: Language) -> Axes:
    """Ratings 1 to 5, the highest mean on top."""
    weight = data["weight"].values if "weight" in data else None
    if by in OF_RATINGS:
        shares = item_shares(data["ratings"].values, data[by].values, weight=weight)
        raters = raters_of(data["ratings"].values, data[by].values)
    else:
        group = _column(data, by)
        shares = rating_shares(data["ratings"].values, group, weight=weight)
        raters = pd.Series((data["ratings"].values > 0).any(axis=1)).groupby(group).sum()
    shares = shares.loc[shown_rows(raters.loc[shares.index], min_cell)]
    if shares.empty:
        raise ValueError(f"min_cell must leave a row to draw, got {min_cell}; lower it")
    order = shares.mul(np.arange(1, 6)).sum(axis=1).sort_values(ascending=False).index
    names = [shown(str(name)) for name in order]
    names = labels_of(names, language=language) if by == "criterion" else names
    return figures.distributions(shares.loc[order], _broken(names), language=language)


def variance(
    data: xr.Dataset,
    by: Rows,
    statistic: Statistic,
    options: Mapping[str, Any],
    min_cell: int,
    language: Language,
) -> Axes:
    """Shares of the criteria in the variance of each score, those of the largest criterion first."""
    # `draw` lets no rows of ratings come here, and `official` refuses what is no level
    found = official(data, by=by, **options).sel(statistic=statistic)  # type: ignore[arg-type]
    raters = pd.Series(found["raters"].values, index=found["node"].values)
    usable = (found["se"].values > 0) & raters.index.isin(shown_rows(raters, min_cell))
    part = found.isel(node=np.flatnonzero(usable))
    if not part.sizes["node"]:
        raise ValueError(
            "data must have a unit with a standard error to draw shares of its variance, got none"
        )
    share = part["share_criterion"].transpose("criterion", "node")
    first = int(share.mean("node").values.argmax())
    order = np.argsort(-share.values[first], kind="stable")
    names = [shown(str(name)).replace("/", ", ") for name in part["node"].values[order]]
    told = {str(name): share.sel(criterion=name).values[order] for name in share["criterion"].values}
    return figures.variance_shares(told, _broken(names), language=language)


def effective(
    data: xr.Dataset, by: Rows, statistic: Statistic, options: Mapping[str, Any], language: Language
) -> Axes:
    """Respondents and effective numbers, the least worth on top."""
    table = estimate(data, by=by, **options)
    table = table[(table["statistic"] == statistic) & (table["effective_n"] > 0)]
    table = table.iloc[(table["effective_n"] / table["n"]).argsort(kind="stable")]
    return figures.effective_numbers(table["n"], table["effective_n"], _labels(table, by), language=language)


def coverage(data: xr.Dataset, level: float, language: Language) -> Axes:
    """Exact coverage of intervals for one item whose ratings are distributed as all of the data."""
    weight = data["weight"].values if "weight" in data else None
    everyone = np.full(data.sizes["respondent"], "all")
    law = rating_shares(data["ratings"].values, everyone, weight=weight)
    if law.empty:
        raise ValueError("data must hold ratings to draw coverage for them, got none")
    found = coverage_by_size(law.to_numpy()[0], level=level)
    return figures.coverage_curves(SIZES, found, level=level, language=language)


def region_map(
    data: xr.Dataset, statistic: Statistic, options: Mapping[str, Any], language: Language
) -> Axes:
    """Scores of the regions as tiles."""
    table = estimate(data, by="region", **options)
    table = table[(table["statistic"] == statistic) & table["estimate"].notna()]
    ids = figures.region_ids(table["region"].tolist())
    values = dict(zip(ids, table["estimate"] * _scale(statistic), strict=True))
    return figures.tile_map(
        values,
        figures.tile_names(language=language),
        edition=figures.edition_of(ids),
        quantity=_quantity(statistic),
        digits=1 if statistic == "satisfaction" else 2,
        language=language,
    )


def shown_rows(raters: pd.Series, min_cell: int) -> list[str]:
    """Labels of the rows whose figures may be shown."""
    table = pd.DataFrame({"raters": raters, "row": raters.index, "flag": ""})
    kept = suppressed(table, min_cell)["flag"] == ""
    return list(raters.index[kept.to_numpy()])


def _column(data: xr.Dataset, name: str) -> Any:
    if name not in data:
        raise ValueError(
            f"data must have {name!r} for this figure, got none; name its column in the codebook"
        )
    return data[name].values


def _scale(statistic: Statistic) -> float:
    return 100.0 if statistic == "satisfaction" else 1.0


def _quantity(statistic: Statistic) -> str:
    return "q" if statistic == "mean" else "satisfaction"


def _labels(table: pd.DataFrame, by: Rows) -> list[str]:
    return _broken([", ".join(row) for row in table[list(PARTS[by])].itertuples(index=False)])


def _broken(names: Any) -> list[str]:
    return [figures.broken(shown(str(name))) for name in names]


def shown(name: str) -> str:
    """Name as the data write it."""
    return name.replace(SLASH, "/")
