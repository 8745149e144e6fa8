"""Respondents by service and region, the unpublished table behind Tables 1 and 4; figures by region."""

from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sampling import fit_table, round_table
from sapa.published import table

Floats = NDArray[np.float64]
ABROAD: Final = "OTH"
AMBULANCE: Final = "s62"  # its regional table prints items, and no satisfaction
MISSIONS: Final = ("s15", "s16")
ASSUMPTION: Final = (
    "Region and service are as independent as the known zeros allow: the table closest to the product of the "
    "margins of Tables 1 and 4, rounded to a neighbouring whole number in every cell"
)


@cache
def placement_2020() -> pd.DataFrame:
    """Respondents of each surveyed service in each region, both margins exact.

    The 108 respondents abroad are those of s15 and s16. A local service has respondents in the regions of
    its own regional table (s62: of the table of its items by region) and in no other. All else is
    :data:`ASSUMPTION`.

    >>> places = placement_2020()
    >>> int(places.to_numpy().sum()), int(places.loc["s15", "OTH"]), int(places.loc["s51", "SKO"])
    (9181, 28, 0)
    """
    rows = table("services").query("mass_survey").set_index("service_id")["n_table1"].astype(int)
    columns = table("regions").set_index("region_id")["n_respondents"].astype(int)
    allowed = pd.DataFrame(True, index=rows.index, columns=columns.index)
    allowed[ABROAD] = rows.index.isin(MISSIONS)
    allowed.loc[list(MISSIONS)] = columns.index == ABROAD
    for service, regions in regional_tables().items():
        allowed.loc[service] = columns.index.isin(regions)
    fitted = fit_table(allowed.to_numpy(dtype=float), rows.to_numpy(), columns.to_numpy())
    return pd.DataFrame(round_table(fitted), index=rows.index, columns=columns.index)


@cache
def regional_tables() -> dict[str, tuple[str, ...]]:
    """Regions of each local service's own regional table, s62's included."""
    rows = table("local_service_by_region")
    regions = {str(service): tuple(group["region_id"]) for service, group in rows.groupby("service_id")}
    return regions | {AMBULANCE: tuple(table("ambulance_by_region")["region_id"])}


def regional_figures(service: str, regions: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Printed mean and satisfaction (a proportion) of a local service in each of its regions."""
    rows = (
        table("local_service_by_region")
        .set_index(["service_id", "region_id"])
        .loc[service]
        .loc[list(regions)]
    )
    return rows["mean_score"].to_numpy(dtype=float), (rows["satisfaction_pct"] / 100).round(4).to_numpy(
        dtype=float
    )
