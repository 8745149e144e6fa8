"""Official figures of microdata, beside the printed ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import Scheme, aggregate, score_histograms
from estimators.histogram import statistic
from sapa.microdata.cells import cells
from sapa.microdata.channels import split
from sapa.microdata.placement import AMBULANCE, regional_figures, regional_tables
from sapa.microdata.regions import ambulance_figures
from sapa.microdata.targets import Figures, Interval, Service, targets
from sapa.scheme_2020 import regional_scheme_2020, scheme_2020

Floats = NDArray[np.float64]
Node = tuple[float, float, float, float]
Row = list[str | float]
KEYS = ["service", "channel", "criterion", "item", "region"]
ROW = ["level", *KEYS, "statistic", "printed", "computed", "from_rounded_items"]


@dataclass(frozen=True, slots=True)
class _Leaves:
    """Figures of a scheme's leaves, and what they print as."""

    mean: Floats
    share: Floats

    def rounded(self) -> "_Leaves":
        """Leaf figures as a table of items prints them, halves up."""
        return _Leaves(
            np.floor(self.mean * 100 + 0.5 + 1e-9) / 100, np.floor(self.share * 1000 + 0.5 + 1e-9) / 1000
        )


def compared(data: xr.Dataset) -> pd.DataFrame:
    """Every printed figure of Table 8, channels, criteria, s49's items and regions, with the computed one.

    Returns
    -------
    Columns ``level`` (``service, channel, criterion, item, region``), ids, ``statistic``, ``printed``,
    ``computed``, ``from_rounded_items`` (computed from item figures rounded as printed), ``prints`` and
    ``prints_from_rounded_items``; satisfaction is a proportion. Figures that the overlay strikes out are
    not listed.
    """
    rows = [*_services(data), *_regions(data), *_ambulance(data)]
    frame = pd.DataFrame(rows, columns=ROW)
    for column, name in (("computed", "prints"), ("from_rounded_items", "prints_from_rounded_items")):
        frame[name] = [
            _figure(kind, printed).holds(value)
            for kind, printed, value in zip(frame["statistic"], frame["printed"], frame[column], strict=True)
        ]
    return frame


def _figure(kind: str, printed: float) -> Interval:
    figures = Figures.of(printed, 100 * printed)
    return figures.mean if kind == "mean" else figures.share


def _leaves(data: xr.Dataset, scheme: Scheme, domain: list[str]) -> _Leaves:
    """Leaf figures of a scheme whose leaves are ``domain parts/.../criterion/item``."""
    names = pd.Series(data[domain[0]].to_numpy())
    for part in domain[1:]:
        names = names + "/" + pd.Series(data[part].to_numpy())
    code, known = pd.factorize(names)
    counts = score_histograms(data["ratings"].to_numpy(), code, len(known))
    paths = [leaf.split("/") for leaf in scheme.leaves]
    at = pd.Index(known).get_indexer(["/".join(path[: len(domain)]) for path in paths])
    item = pd.Index(data["item"].to_numpy()).get_indexer([path[-1] for path in paths])
    hist = np.where((at >= 0)[:, None], counts[at, item], 0.0)
    mean = statistic("mean").value(hist)
    share = statistic("satisfaction", "asked").value(hist)
    return _Leaves(mean, np.where(np.isnan(mean), np.nan, share))


def _nodes(scheme: Scheme, leaves: _Leaves, level: str) -> dict[str, Node]:
    """Mean and satisfaction of each node, then both again from rounded item figures."""
    known = leaves.rounded()
    columns = [
        aggregate(scheme, x, level=level) for x in (leaves.mean, leaves.share, known.mean, known.share)
    ]
    return dict(zip(scheme.level(level).nodes, zip(*(c.tolist() for c in columns), strict=True), strict=True))


def _rows(level: str, ids: dict[str, str], figures: Figures, node: Node) -> Iterator[Row]:
    """Rows of the two statistics where they are printed."""
    for k, (name, figure) in enumerate((("mean", figures.mean), ("satisfaction", figures.share))):
        if not np.isnan(figure.printed):
            place = [ids.get(key, "") for key in KEYS]
            yield [level, *place, name, figure.printed, node[k], node[k + 2]]


def _services(data: xr.Dataset) -> Iterator[Row]:
    scheme = scheme_2020()
    leaves = _leaves(data, scheme, ["service", "channel"])
    nodes = {level: _nodes(scheme, leaves, level) for level in ("service", "channel", "criterion", "item")}
    for service in targets():
        ids = {"service": service.service}
        yield from _rows("service", ids, service.figures, nodes["service"][service.service])
        yield from _forms(service, nodes)


def _forms(service: Service, nodes: dict[str, dict[str, Node]]) -> Iterator[Row]:
    chosen = split(service.service)
    for form, n in zip(service.forms, chosen.n, strict=True):
        path = f"{service.service}/{form.channel}"
        ids = {"service": service.service, "channel": form.channel}
        yield from _rows("channel", ids, form.figures, nodes["channel"][path])
        for cell in cells(form, n, chosen):
            here, at = ids | {"criterion": cell.criterion}, f"{path}/{cell.criterion}"
            yield from _rows("criterion", here, cell.figures, nodes["criterion"][at])
            for item, figures in zip(cell.items, cell.each, strict=False):
                yield from _rows("item", here | {"item": item}, figures, nodes["item"][f"{at}/{item}"])


def _regions(data: xr.Dataset) -> Iterator[Row]:
    scheme = regional_scheme_2020()
    nodes = _nodes(scheme, _leaves(data, scheme, ["region", "service", "channel"]), "service")
    for service, regions in regional_tables().items():
        if service != AMBULANCE:
            for region, mean, share in zip(regions, *regional_figures(service, regions), strict=True):
                ids = {"service": service, "region": region}
                yield from _rows("region", ids, Figures.of(mean, 100 * share), nodes[f"{region}/{service}"])


def _ambulance(data: xr.Dataset) -> Iterator[Row]:
    """Item means of s62 by region."""
    regions = regional_tables()[AMBULANCE]
    mine = data.isel(respondent=(data["service"] == AMBULANCE).to_numpy())
    items = [str(item) for item in data["item"].to_numpy() if str(item).startswith("a")]
    for region, printed in zip(regions, ambulance_figures(regions), strict=True):
        answers = (
            mine.isel(respondent=(mine["region"] == region).to_numpy())["ratings"].sel(item=items).to_numpy()
        )
        rated = answers > 0
        means = np.where(rated, answers, 0).sum(axis=0) / rated.sum(axis=0)
        for item, figure, mean in zip(items, printed, means, strict=True):
            ids = {"service": AMBULANCE, "channel": "ambulance", "item": item, "region": region}
            yield from _rows("region", ids, Figures.of(figure, np.nan), (mean, np.nan, mean, np.nan))
