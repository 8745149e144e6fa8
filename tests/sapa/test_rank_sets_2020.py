"""Rank sets of the 2020 services, whose variances are known so differently well."""

import numpy as np
import pytest
from scipy.stats import binom

import sapa
from estimators import ranks

FALSE_ALARM = 1e-6
TABLES = 2_000


@pytest.mark.slow
def test_sets_of_services_hold_with_own_degrees_of_freedom_and_not_with_their_median():
    """Null calibration with the errors of 2020, all scores equal; docs/ranks.md quotes both rates."""
    services = sapa.precision_2020(sapa.synthetic_2020(rng=0)).services
    means = services[(services["statistic"] == "mean") & (services["se"] > 0)]
    true = means["se"].to_numpy(float)
    own = np.minimum(means["df"].to_numpy(float), 1e9)  # an error known exactly has infinitely many

    def false(df):
        rng, wrong = np.random.default_rng(11), 0
        for _ in range(TABLES):
            estimate = true * rng.standard_normal(true.size)
            se = true * np.sqrt(rng.chisquare(own) / own)
            wrong += bool((ranks(estimate, se, df=df, draws=1_000, rng=rng)["lower"] > 1).any())
        return wrong

    assert false(own) <= binom.isf(FALSE_ALARM, TABLES, 0.05)
    assert false(float(np.median(own))) > binom.isf(FALSE_ALARM, TABLES, 0.05)
