"""Memory that designs, scores and replicates take beside the data, by the allocations they make."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from estimators import Design, Recipe, poststratify, rao_wu, scores

MIB = 2**20
# A million respondents at these bounds take 169 MB of the 1 GB they may; 71 MiB were measured.
PER_RESPONDENT = 150  # bytes; 77 were measured from 50,000 to 100,000, 51 from there to a million
AT_100_000 = 40 * MIB  # 27 MiB were measured


def survey(n, domains):
    """Ratings of 25 items, and the columns of a design of 17 strata and 267 PSUs."""
    rng = np.random.default_rng(1)
    table = rng.integers(-2, 6, (n, 25), dtype=np.int8)
    labels = np.array([f"s{k:04d}" for k in range(domains)])[np.arange(n) % domains]
    data = xr.Dataset(
        {"ratings": (("respondent", "item"), table), "service": ("respondent", labels)},
        coords={"item": [f"o{k}" for k in range(25)]},
    )
    psu = rng.integers(0, 267, n)
    return data, {"strata": psu % 17, "psu": psu, "weight": rng.uniform(0.5, 2, n)}


def peak(work):
    """Most bytes allocated at once while it works."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_of_scores(n):
    data, columns = survey(n, 1_190)
    return peak(lambda: scores(data, Design(**columns), by="service"))


def test_memory_of_scores_grows_by_few_bytes_per_respondent():
    less, more = peak_of_scores(50_000), peak_of_scores(100_000)
    assert more < AT_100_000
    assert (more - less) / 50_000 < PER_RESPONDENT


@pytest.mark.slow
def test_a_million_respondents_take_less_than_a_gigabyte_beside_the_data():
    assert peak_of_scores(1_000_000) < AT_100_000 + 900_000 * PER_RESPONDENT


def test_a_thousand_replicates_are_made_and_used_in_a_tenth_of_300_mib():
    data, columns = survey(9_181, 62)
    design = Design(**columns)
    # 13 MiB were measured; everyone's weights in every replicate alone would take 70
    assert peak(lambda: scores(data, rao_wu(design, replicates=1_000, rng=1), by="service")) < 30 * MIB


def test_weights_that_a_recipe_makes_again_are_not_all_kept():
    data, columns = survey(40_000, 300)
    sex = columns["psu"] % 2
    recipe = Recipe((poststratify("sex", {0: 30_000, 1: 20_000}),))
    made = rao_wu(Design(**columns), replicates=250, rng=1).reweighted(recipe, pd.DataFrame({"sex": sex}))
    # 41 MiB were measured, and 85 with the weights of all replicates at once
    assert peak(lambda: scores(data.isel(item=[0, 1]), made, by="service", interval=None)) < 55 * MIB
