"""What official composites with their full covariance cost, against the least that could compute them."""

from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

import numpy as np
import xarray as xr
from scipy import sparse

from benchmarks.bench_estimators import RESPONDENTS, SERVICES, Bare, make
from estimators import Nodes, compose
from estimators.codes import factor
from estimators.composite_layout import lay_out
from sapa.microdata.placement import placement_2020
from sapa.scheme_2020 import items_of, questionnaire, regional_scheme_2020, scheme_2020, service_channels

PATH = ("service", "channel", "criterion", "item")
REACH = "reach: 11.8 (20 ms where the floor takes 1.7); processor time, validation and labels included"
REPEATS = 15


def run() -> list[dict]:
    data = survey(np.random.default_rng(0))
    official = Nodes(scheme_2020(), PATH, ("service", "agency", "country"))
    regional = Nodes(regional_scheme_2020(), ("region", *PATH), ("region",), outside="ignore")
    work = f"composites of {{nodes}}, {data.sizes['respondent']:,} x 25, both statistics, {{what}}"
    rows, floor = [], Bare(make(RESPONDENTS, SERVICES)).scores
    for nodes, wanted in (("62 + 24 + 17 + 1", (official, regional)), ("62 + 24 + 1", (official,))):
        parts = needed(data, wanted)
        for what, shares in (("covariance", ()), ("and variance shares", ("criterion", "channel"))):
            ours = partial(compose, data, wanted, shares=shares)
            times = in_turns({"ours": ours, "least": partial(least, data), "floor": floor, **parts})
            mine, fewest, bare = (times.pop(name) for name in ("ours", "least", "floor"))
            name, note = (
                work.format(nodes=nodes, what=what),
                "ms: " + " + ".join(f"{k} {v:.1f}" for k, v in times.items()),
            )
            rows += [
                row(name, mine, "codes counted, answers read and summed to 4 nodes", fewest),
                row(name, mine, "passes that none can do without", sum(times.values()), note),
                row(name, mine, "bare kernel of services x items, labels ready", bare, REACH),
            ]
    return rows


def needed(data: xr.Dataset, wanted: tuple[Nodes, ...]) -> dict[str, Callable[[], object]]:
    """What any way to the result has to do, each by the barest call, with everything else made ready.

    Labels of the respondents coded; codes gathered by cell and counted; for each tree and statistic the sum
    over a respondent's answers of their deviations, and its products within each cell; the labelled result.
    """
    layout, trees = lay_out(data, wanted)
    codes = data["ratings"].transpose("respondent", "item").values
    own = layout.gathered(codes)
    first = (layout.fine[:, None] * own.shape[1] + np.arange(own.shape[1])) * 8 + 2
    place = first + own
    n, size = len(own), layout.column.size * 8
    ends = np.arange(0, own.size + 1, own.shape[1], dtype=np.int32)
    given = sparse.csr_array((np.ones(own.size), place.ravel().astype(np.int32), ends), shape=(n, size))
    table, result = np.ones(size), compose(data, wanted, shares=())
    moved = np.ones((len(wanted), n))
    variables = {name: (each.dims, each.values) for name, each in result.data_vars.items()}
    labels = {name: result[name].values for name in ("node", "other", "statistic")}

    def gathered() -> None:
        np.bincount((first + layout.gathered(codes)).ravel(), minlength=size)

    return {
        "labels": lambda: [factor(data[name].values) for name in ("service", "region", "channel")],
        "codes": gathered,
        "sums": lambda: [given @ table for _ in range(2 * len(trees))],
        "products": lambda: [
            np.add.reduceat(moved[:, None] * moved, layout.starts, axis=2) for _ in range(2)
        ],
        "result": lambda: xr.Dataset(variables, coords=labels),
    }


def in_turns(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median milliseconds of processor time of each job, run in turns so that all meet the same machine."""
    for job in jobs.values():
        job()
    rounds = [{name: timed(job) for name, job in jobs.items()} for _ in range(REPEATS)]
    return {name: median(each[name] for each in rounds) for name in jobs}


def timed(job: Callable[[], object]) -> float:
    start = process_time()
    job()
    return 1_000 * (process_time() - start)


def survey(rng: np.random.Generator) -> xr.Dataset:
    """Made-up answers of the respondents of 2020 in their regions, channels by turns."""
    places = placement_2020().stack()
    places = places[places > 0].astype(int)
    service, region = (places.index.get_level_values(k).repeat(places).to_numpy(dtype=str) for k in (0, 1))
    channels: dict[str, list[str]] = {}
    for name, channel in service_channels():
        channels.setdefault(name, []).append(channel)
    channel = np.array([channels[s][k % len(channels[s])] for k, s in enumerate(service)])
    items = questionnaire().index.to_numpy(dtype=str)
    codes = np.zeros((service.size, items.size), dtype=np.int8)
    for name in np.unique(channel):
        rows = np.flatnonzero(channel == name)
        columns = np.flatnonzero(np.isin(items, items_of(name)))
        drawn = rng.choice([5, 5, 5, 4, 3, 1, -1, -2], size=(rows.size, columns.size))
        codes[np.ix_(rows, columns)] = drawn
    people = {"service": service, "region": region, "channel": channel}
    return xr.Dataset(
        {name: ("respondent", values) for name, values in people.items()}
        | {"ratings": (("respondent", "item"), codes)},
        coords={"item": items},
    )


def least(data: xr.Dataset) -> float:
    """Count the codes once, and for both statistics read each answer's move and sum it to four nodes."""
    codes = data["ratings"].values[:, :25]
    index = codes + (np.arange(25) * 8 + 2)
    table = np.bincount(index.ravel(), minlength=200).astype(float)
    found = 0.0
    for _ in range(2):
        moved = table.take(index)
        found += sum(float(np.einsum("nk,k->n", moved, moved[node]).sum()) for node in range(4))
    return found


def row(work: str, ours: float, bound: str, bound_ms: float, note: str = "") -> dict:
    return {
        "work": work,
        "ours_ms": round(ours, 2),
        "bound": bound,
        "bound_ms": round(bound_ms, 2),
        "ratio": round(ours / bound_ms, 2),
        "note": note,
    }
