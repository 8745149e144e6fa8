import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2, norm

from estimators import trend

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())["trend"]


def test_line_with_known_errors_agrees():
    found = trend(ORACLE["q"], ORACLE["se"], times=ORACLE["year"])
    assert float(found["slope"]) == pytest.approx(ORACLE["slope"], rel=1e-9)
    assert float(found["se"]) == pytest.approx(ORACLE["slope_se"], rel=1e-9)
    assert float(found["at_last"]) == pytest.approx(ORACLE["at_last"], rel=1e-9)
    assert float(found["misfit"]) == pytest.approx(ORACLE["misfit"], rel=1e-9)
    assert float(found["misfit_p_value"]) == pytest.approx(chi2.sf(ORACLE["misfit"], 3), rel=1e-9)


def test_line_with_errors_from_its_scatter_agrees():
    found = trend(ORACLE["q"], times=ORACLE["year"])
    slope, se, statistic, p_value = ORACLE["plain"]
    assert [float(found[k]) for k in ("slope", "se", "statistic", "p_value")] == pytest.approx(
        [slope, se, statistic, p_value], rel=1e-9
    )
    assert "misfit" not in found


def test_correlated_rounds_are_generalised_least_squares():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(5, 7))
    covariance, y = root @ root.T / 100, rng.normal(4.5, 0.1, 5)
    found = trend(y, covariance)
    design = np.column_stack([np.ones(5), np.arange(5) - 4])
    inverse = np.linalg.inv(covariance)
    spread = np.linalg.inv(design.T @ inverse @ design)
    assert float(found["slope"]) == pytest.approx((spread @ design.T @ inverse @ y)[1])
    assert float(found["se"]) == pytest.approx(np.sqrt(spread[1, 1]))


def test_many_series_at_once_are_each_series_alone():
    years = [2017, 2018, 2020]
    q = xr.DataArray([[4.1, 4.2], [4.3, 4.2], [4.4, 4.1]], coords={"year": years, "region": ["ALA", "AKM"]})
    se = xr.full_like(q, 0.05) * xr.DataArray([1.0, 2.0, 1.0], dims="year")
    found = trend(q, se)
    assert found["slope"].dims == ("region",)
    for name in ("ALA", "AKM"):
        alone = trend(q.sel(region=name).values, [0.05, 0.1, 0.05], times=years)
        for column in ("slope", "se", "p_value", "at_last", "misfit"):
            assert float(found[column].sel(region=name)) == pytest.approx(float(alone[column]))


def test_two_rounds_are_a_difference():
    found = trend([4.5, 4.6], [0.03, 0.04])
    assert float(found["slope"]) == pytest.approx(0.1)
    assert float(found["p_value"]) == pytest.approx(2 * norm.sf(2.0))


def test_mixed_scales_are_refused_unless_told_how():
    q, se, scale = [8.0, 8.5, 4.4, 4.5, 4.6], np.full(5, 0.02), [10, 10, 5, 5, 5]
    with pytest.raises(ValueError, match=r"scales of \[5, 10\] points: mixing='drop'"):
        trend(q, se, scale=scale)
    dropped = trend(q, se, scale=scale, mixing="drop", times=[2014, 2015, 2016, 2017, 2018])
    assert dropped.attrs["times"] == [2016, 2017, 2018]
    assert dropped.attrs["scale"] == "5 points, mixed scales: drop"
    assert float(dropped["slope"]) == pytest.approx(float(trend(q[2:], se[2:])["slope"]))
    rescaled = trend(q, se, scale=scale, mixing="rescale")
    by_hand = trend([1 + 7.0 * 4 / 9, 1 + 7.5 * 4 / 9, 4.4, 4.5, 4.6], [0.02 * 4 / 9] * 2 + [0.02] * 3)
    assert float(rescaled["slope"]) == pytest.approx(float(by_hand["slope"]))
    assert float(rescaled["se"]) == pytest.approx(float(by_hand["se"]))


@pytest.mark.parametrize(
    ("estimate", "options", "message"),
    [
        ([0.7, 0.8, 0.9], {"scale": [10, 5, 5], "mixing": "rescale"}, "shares cannot be rescaled"),
        ([4.1, 4.2, 4.3], {"mixing": "blend"}, "mixing must be"),
        ([4.1, 4.2, 4.3], {"scale": 1}, "at least 2 points"),
        ([4.1, 4.2, 4.3], {"scale": [5, 5]}, "scale must be one number or one for each of 3 rounds"),
        ([8.7, 4.2, 4.3], {}, "must not exceed the scale, got 8.7 in a round of 5 points"),
        ([75.1, 74.8, 75.0], {}, "shares as proportions"),
        ([4.1, 4.2, 4.3], {"times": [2020, 2019, 2018]}, "increasing"),
        ([4.1, np.nan, 4.3], {}, "must be finite"),
        ([4.1, 4.2], {}, "at least 3 rounds"),
        ([4.1, 4.2, 4.3], {"covariance_or_se": [0.1, 0.1]}, "must have shape"),
        ([[4.1, 4.2, 4.3]], {"covariance_or_se": [[0.1, 0.0, 0.1]]}, "standard errors above 0"),
        ([4.0, 4.0, 4.0], {}, "exactly on a line"),
        (xr.DataArray([4.0, 4.0], dims="round"), {}, "time_dim must be a dimension"),
    ],
)
def test_bad_series_are_refused(estimate, options, message):
    with pytest.raises(ValueError, match=message):
        trend(estimate, **options)
