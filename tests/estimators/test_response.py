import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from estimators.response import class_factors, logistic_fit, propensity_factors

RNG = np.random.default_rng(3)
X = np.column_stack([np.ones(300), RNG.normal(size=300), RNG.integers(0, 2, 300)])
CAME = RNG.random(300) < 1 / (1 + np.exp(-X @ [0.3, 0.8, -0.5]))
WEIGHT = RNG.uniform(1, 4, 300)


def test_logistic_fit_is_that_of_statsmodels():
    model = sm.GLM(CAME.astype(float), X, family=sm.families.Binomial(), freq_weights=WEIGHT)
    assert_allclose(logistic_fit(X, WEIGHT, CAME), model.fit(tol=1e-14).fittedvalues, rtol=1e-9)


def test_factors_of_the_propensity_are_its_inverse_for_respondents_only():
    factor = propensity_factors(X, WEIGHT, CAME, None)
    assert_allclose(factor[CAME], 1 / logistic_fit(X, WEIGHT, CAME)[CAME])
    assert (factor[~CAME] == 0).all()


def test_groups_of_the_propensity_are_equal_and_ordered():
    factor = propensity_factors(X, WEIGHT, CAME, 5)
    fitted = logistic_fit(X, WEIGHT, CAME)
    values = np.unique(factor[CAME])
    assert values.size == 5
    order = np.argsort(fitted)
    group = np.arange(300) * 5 // 300
    for k in range(5):
        inside = order[group == k]
        expected = WEIGHT[inside].sum() / WEIGHT[inside][CAME[inside]].sum()
        assert_allclose(factor[inside][CAME[inside]], expected)


def test_a_silent_class_is_named():
    with pytest.raises(ValueError, match="class 'south' has no respondents"):
        class_factors(np.ones(2), np.array([True, False]), np.array([0, 1]), ["north", "south"])
