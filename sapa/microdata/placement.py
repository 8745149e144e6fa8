"""Respondents by service and region: the unpublished table behind the margins of Tables 1 and 4."""

from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, kron, vstack

from sapa.published import table

ABROAD: Final = "OTH"
MISSIONS: Final = ("s15", "s16")
ASSUMPTION: Final = (
    "Region and service are as independent as the known zeros allow: the table closest to the product of the "
    "margins of Tables 1 and 4, rounded to a neighbouring whole number in every cell"
)


@cache
def placement_2020() -> pd.DataFrame:
    """Respondents of each surveyed service in each region, both margins exact.

    The 108 respondents abroad are those of s15 and s16. A local service has respondents in the regions of
    its own regional table (s62: of Table of waiting ambulances by region) and in no other. All else is
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
    fitted = proportional_fit(allowed.to_numpy(dtype=float), rows.to_numpy(), columns.to_numpy())
    return pd.DataFrame(controlled_rounding(fitted), index=rows.index, columns=columns.index)


def regional_tables() -> dict[str, tuple[str, ...]]:
    """Regions of each local service's own regional table, s62's included."""
    rows = table("local_service_by_region")
    regions = {str(service): tuple(group["region_id"]) for service, group in rows.groupby("service_id")}
    return regions | {"s62": tuple(table("ambulance_by_region")["region_id"])}


def proportional_fit(
    seed: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64], *, tolerance: float = 1e-9
) -> NDArray[np.float64]:
    """Table with the given margins whose cells are seed times a row factor times a column factor.

    Raises
    ------
    ValueError
        When the zeros of the seed leave no table with these margins.

    >>> proportional_fit(np.ones((2, 2)), np.array([1, 3]), np.array([2, 2])).round(6).tolist()
    [[0.5, 0.5], [1.5, 1.5]]
    """
    fitted = seed.copy()
    for _ in range(10_000):
        fitted *= (rows / fitted.sum(axis=1))[:, None]
        fitted *= columns / fitted.sum(axis=0)
        if np.abs(fitted.sum(axis=1) - rows).max() < tolerance:
            return fitted
    worst = int(np.abs(fitted.sum(axis=1) - rows).argmax())
    raise ValueError(f"margins must allow a table with these zeros, got row {worst} off after 10,000 rounds")


def controlled_rounding(cells: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole-number table next to `cells` with the same margins: each cell its floor or ceiling (Cox 1987).

    The nearest such table in the sum of absolute differences: a transportation problem, whose vertices
    are whole.

    >>> controlled_rounding(np.array([[0.4, 0.6], [1.6, 1.4]])).tolist()
    [[0, 1], [2, 1]]
    """
    floor = np.floor(cells + 1e-7)
    part = cells - floor
    n, m = cells.shape
    margins = vstack([kron(np.eye(n), np.ones((1, m))), kron(np.ones((1, n)), np.eye(m))])
    whole = np.concatenate([np.rint(part.sum(axis=1)), np.rint(part.sum(axis=0))])
    # 1 - 2 part is what rounding a cell up adds to the distance; a cell that is whole stays
    answer = linprog(
        (1 - 2 * part).ravel(),
        A_eq=csr_array(margins),
        b_eq=whole,
        bounds=np.column_stack([np.zeros(n * m), (part.ravel() > 1e-6).astype(float)]),
        method="highs-ds",
    )
    if answer.status != 0:
        raise ValueError(
            f"cells must have whole margins, got a table that cannot be rounded: {answer.message}"
        )
    up: NDArray[np.int64] = np.rint(answer.x).reshape(n, m).astype(np.int64)
    return floor.astype(np.int64) + up
