"""The named default design of composites: simple random sampling within cells, lone respondents merged."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.codes import compact
from estimators.composite_layout import People, respondent_codes
from estimators.design import Design


def stratified(ratings: xr.Dataset, strata: Sequence[str], *, people: People | None = None) -> Design:
    """Design of simple random samples within every combination of the variables `strata`.

    A stratum of one respondent is merged, by :func:`merged_strata`, with strata that share all variables but
    the last; one that has no such neighbour keeps its one respondent, all of whose items are sparse.

    Examples
    --------
    >>> people = xr.Dataset({"service": ("respondent", list("aaaab")),
    ...                      "region": ("respondent", list("xxxyx"))})
    >>> stratified(people, ("service", "region")).layers[0].stratum.tolist()
    [0, 0, 0, 0, 1]
    """
    if not strata:
        raise ValueError("strata must name at least one variable of the ratings, got none")
    for name in strata:
        if name not in ratings.variables:
            raise ValueError(f"strata must be variables of the ratings along respondent, got {name!r}")
    people = {} if people is None else people
    coarse = fine = np.zeros(ratings.sizes["respondent"], dtype=np.intp)
    for name in strata:
        codes, labels = respondent_codes(ratings, name, people)
        bound = (int(fine.max()) + 1) * len(labels)
        coarse, fine = fine, compact(fine * len(labels) + codes, bound)[1]
    return Design(strata=merged_strata(fine, coarse), single_psu="certainty")


def merged_strata(fine: NDArray[np.intp], coarse: NDArray[np.intp]) -> NDArray[np.intp]:
    """Strata in which those of one respondent are merged within the coarser ones.

    Parameters
    ----------
    fine, coarse : (respondent,)
        Codes from 0; each fine stratum lies in one coarse stratum.

    Returns
    -------
    (respondent,) codes. The lone respondents of a coarse stratum form one stratum together; a single lone
    one joins the smallest other stratum (the first among equals), or stays alone where there is none.

    Examples
    --------
    >>> merged_strata(np.array([0, 1, 2, 2, 3, 4, 4]), np.array([0, 0, 0, 0, 1, 1, 1])).tolist()
    [0, 0, 2, 2, 4, 4, 4]
    """
    size = np.bincount(fine)
    home = np.zeros(size.size, dtype=np.intp)
    home[fine] = coarse
    lone = size == 1
    alone = np.bincount(home[lone], minlength=int(home.max()) + 1)
    target = np.arange(size.size)
    by_home = np.lexsort((target, np.where(lone, size.max() + 1, size), home))
    places, first = np.unique(home[by_home], return_index=True)
    smallest = np.empty(alone.size, dtype=np.intp)
    smallest[places] = by_home[first]
    first_lone = np.full(alone.size, size.size, dtype=np.intp)
    np.minimum.at(first_lone, home[lone], target[lone])
    merged = np.where(alone[home] > 1, first_lone[home], smallest[home])
    target[lone] = merged[lone]
    return target[fine]
