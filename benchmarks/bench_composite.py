"""What official composites with their full covariance cost, against the least that could compute them."""

from collections.abc import Callable
from time import process_time

import numpy as np
import xarray as xr

from estimators import Nodes, compose
from sapa.microdata.placement import placement_2020
from sapa.scheme_2020 import items_of, questionnaire, regional_scheme_2020, scheme_2020, service_channels

PATH = ("service", "channel", "criterion", "item")
TARGET_MS = 20.0
REPEATS = 15


def run() -> list[dict]:
    data = survey(np.random.default_rng(0))
    official = Nodes(scheme_2020(), PATH, ("service", "agency", "country"))
    regional = Nodes(regional_scheme_2020(), ("region", *PATH), ("region",), outside="ignore")
    bound = median_ms(lambda: least(data))
    work = f"{data.sizes['respondent']:,} x 25, mean and satisfaction"
    cases = {
        f"composites of 62 + 24 + 17 + 1 nodes, {work}": lambda: compose(data, (official, regional)),
        f"composites of 62 + 24 + 1 nodes, {work}": lambda: compose(data, official),
    }
    rows = []
    for name, job in cases.items():
        ours = median_ms(job)
        rows.append(row(name, ours, "codes counted, answers read and summed to 4 nodes", bound))
        rows.append(row(name, ours, "target", TARGET_MS))
    return rows


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


def median_ms(job: Callable[[], object]) -> float:
    job()
    times = []
    for _ in range(REPEATS):
        start = process_time()
        job()
        times.append(process_time() - start)
    return 1_000 * float(np.median(times))


def row(work: str, ours: float, bound: str, bound_ms: float) -> dict:
    return {
        "work": work,
        "ours_ms": round(ours, 2),
        "bound": bound,
        "bound_ms": round(bound_ms, 2),
        "ratio": round(ours / bound_ms, 2),
        "note": "processor time; validation and labels included",
    }
