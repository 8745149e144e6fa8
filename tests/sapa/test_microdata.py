import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

from estimators.ratings import CODES, NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED
from sapa import synthetic_2020
from sapa.microdata import placement_2020
from sapa.microdata.placement import regional_tables
from sapa.published import table
from sapa.scheme_2020 import items_of, questionnaire

FALSE_ALARM = 1e-6
FALSE_ALARM_Z = float(norm.isf(FALSE_ALARM / 2))
PAIRS = [
    *[(service, "office", ("o01", "o14")) for service in ("s18", "s23", "s24", "s32", "s37", "s47", "s48")],
    *[(service, "online", ("p05", "p10")) for service in ("s01", "s02", "s22", "s25", "s09")],
]


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return synthetic_2020(rng=1)


def histograms(data: xr.Dataset, by: list[str]) -> pd.Series:
    long = data["ratings"].to_pandas()
    keys = [pd.Series(data[name].to_numpy(), name=name) for name in by]
    return pd.concat([long[item].groupby([*keys, long[item]]).size() for item in long.columns])


def test_contract_of_the_dataset(data: xr.Dataset) -> None:
    assert dict(data.sizes) == {"respondent": 9181, "item": 54}
    assert data["ratings"].dtype == np.int8
    assert set(np.unique(data["ratings"])) == set(CODES)
    assert data["item"].to_numpy().tolist() == questionnaire().index.tolist()
    assert data["criterion"].to_numpy().tolist() == questionnaire()["criterion"].tolist()
    assert data.attrs["corrections"] == "on"
    assert data.attrs["rho"] == 0.5
    assert "independent" in data.attrs["placement"]


def test_margins_of_tables_1_and_4_are_exact_at_once(data: xr.Dataset) -> None:
    cells = pd.crosstab(data["service"].to_numpy(), data["region"].to_numpy())
    services = table("services").query("mass_survey").set_index("service_id")["n_table1"]
    regions = table("regions").set_index("region_id")["n_respondents"]
    assert (cells.sum(axis=1) == services.loc[cells.index]).all()
    assert (cells.sum() == regions.loc[cells.columns]).all()
    assert cells["OTH"].sum() == cells.loc["s15", "OTH"] + cells.loc["s16", "OTH"] == 28 + 80


def test_local_services_lie_in_the_regions_of_their_own_tables() -> None:
    places = placement_2020()
    tables = regional_tables()
    assert len(tables) == 18
    for service, regions in tables.items():
        assert set(places.columns[places.loc[service] > 0]) == set(regions)


def test_items_of_other_channels_are_not_asked_and_no_others(data: xr.Dataset) -> None:
    ratings = data["ratings"].to_pandas()
    for channel in np.unique(data["channel"]):
        here = ratings[data["channel"].to_numpy() == channel]
        own = list(items_of(channel))
        assert (here[own] != NOT_ASKED).all(axis=None)
        assert (here.drop(columns=own) == NOT_ASKED).all(axis=None)


@pytest.mark.parametrize(
    ("criterion", "items"), [("feedback", ["o23", "o24"]), ("assistant", ["p15", "p16", "p17"])]
)
def test_items_of_users_apply_to_the_same_people(data: xr.Dataset, criterion: str, items: list[str]) -> None:
    ratings = data["ratings"].sel(item=items).to_numpy()
    put = (ratings != NOT_ASKED).all(axis=1)
    applies = ratings[put] != NOT_APPLICABLE
    assert (applies == applies[:, :1]).all()
    assert 0 < applies.mean() < 0.5


def test_three_kinds_of_missing_are_told_apart(data: xr.Dataset) -> None:
    free = data["ratings"].where(data["service"] == "s49", drop=True).sel(item=["o19", "o20", "p18", "p19"])
    assert set(np.unique(free)) == {NOT_ASKED, NOT_APPLICABLE}
    costs = data["ratings"].where((data["service"] == "s49") & (data["channel"] == "office"), drop=True)
    # Table 2: 83 fives of 93 asked and a mean of 4.96 leave at most 86 raters
    assert int((costs.sel(item="o22") == NOT_ANSWERED).sum()) >= 7


def test_counts_depend_on_neither_rho_nor_seed(data: xr.Dataset) -> None:
    other = synthetic_2020(rho=0.9, rng=7)
    assert not data["ratings"].equals(other["ratings"])
    local = sorted(regional_tables())
    for by in (["service", "channel"], ["service", "region", "channel"]):
        parts = [
            x.isel(respondent=x["service"].isin(local).to_numpy()) if "region" in by else x
            for x in (data, other)
        ]
        pd.testing.assert_series_equal(histograms(parts[0], by), histograms(parts[1], by))


def test_same_seed_gives_the_same_people(data: xr.Dataset) -> None:
    xr.testing.assert_identical(data, synthetic_2020(rng=1))


def standardised_correlation(data: xr.Dataset) -> float:
    """Correlation of two items within forms whose regions are drawn, in SDs of random dealing.

    Dealing at random, the correlation of fixed counts has mean 0 and variance 1 / (n - 1) exactly.
    """
    scores = []
    for service, channel, pair in PAIRS:
        here = ((data["service"] == service) & (data["channel"] == channel)).to_numpy()
        ratings = data["ratings"].sel(item=list(pair)).to_numpy()[here]
        ratings = ratings[(ratings > 0).all(axis=1)].astype(float)
        scores.append(np.corrcoef(ratings.T)[0, 1] * np.sqrt(len(ratings) - 1))
    return float(np.sum(scores) / np.sqrt(len(scores)))


def test_without_rho_items_of_a_person_do_not_correlate() -> None:
    assert abs(standardised_correlation(synthetic_2020(rho=0.0, rng=3))) < FALSE_ALARM_Z


def test_rho_correlates_the_items_of_a_person(data: xr.Dataset) -> None:
    assert standardised_correlation(data) > FALSE_ALARM_Z
    assert standardised_correlation(data) < standardised_correlation(synthetic_2020(rho=0.9, rng=1))


def test_progress_runs_from_nothing_to_all() -> None:
    told: list[tuple[float, str]] = []
    synthetic_2020(rng=1, progress=lambda share, what: told.append((share, what)))
    shares = [share for share, _ in told]
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)
    assert all(what for _, what in told)


@pytest.mark.parametrize("rho", [-0.1, 1.0])
def test_rho_outside_its_range_is_refused(rho: float) -> None:
    with pytest.raises(ValueError, match=r"rho must lie in \[0, 1\), got"):
        synthetic_2020(rho=rho)
