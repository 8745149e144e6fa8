import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import f

from estimators import homogeneity
from estimators.homogeneity import wald

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())["homogeneity"]


def test_domain_means_of_a_cluster_sample_agree():
    found = homogeneity(ORACLE["estimate"], ORACLE["covariance"], df=ORACLE["df_denominator"], adjusted=False)
    assert found.statistic == pytest.approx(ORACLE["statistic"], rel=1e-8)
    assert found.p_value == pytest.approx(ORACLE["p_value"], rel=1e-8)
    assert (found.df, found.df_denominator) == (ORACLE["df"], ORACLE["df_denominator"])


def test_independent_units_give_cochrans_q():
    values, se = np.array([4.1, 4.3, 4.7, 4.4]), np.array([0.1, 0.2, 0.15, 0.05])
    weight = 1 / se**2
    centre = np.average(values, weights=weight)
    assert homogeneity(values, se).statistic == pytest.approx(weight @ (values - centre) ** 2)


def test_adjusted_statistic_is_hotellings():
    rng = np.random.default_rng(1)
    sample = rng.normal(size=(12, 4))
    covariance = np.cov(sample.T) / 12
    found = wald(sample.mean(axis=0), covariance, df=11, null="all zero")
    hotelling = sample.mean(axis=0) @ np.linalg.solve(covariance, sample.mean(axis=0))
    assert found.p_value == pytest.approx(f.sf(hotelling * (12 - 4) / (4 * 11), 4, 8))


def test_a_common_shift_of_correlated_errors_does_not_matter():
    values, base = [4.1, 4.3, 4.6], np.diag([0.01, 0.02, 0.03])
    shifted = homogeneity(values, base + 0.5)
    assert shifted.statistic == pytest.approx(homogeneity(values, base).statistic)
    assert homogeneity([4.5, 4.5], [0.1, 0.1]).p_value == 1.0
    assert shifted.null == "all true values are equal"


@pytest.mark.parametrize(
    ("values", "covariance", "options", "message"),
    [
        ([4.5], [0.1], {}, "at least 2 units"),
        ([4.5, 4.4], np.ones((2, 2)), {}, "singular"),
        ([4.5, 4.4, 4.3], [0.1] * 3, {"df": 1}, "df must be at least the number of contrasts 2"),
    ],
)
def test_untestable_tables_are_refused(values, covariance, options, message):
    with pytest.raises(ValueError, match=message):
        homogeneity(values, covariance, **options)
