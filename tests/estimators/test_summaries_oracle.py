"""Against numbers made by R: ``oracle/summaries.R``."""

import json
from pathlib import Path

import numpy as np
import pytest

from estimators import max_entropy, probit_pmf, reconstruct, sd_bounds

ORACLE = json.loads((Path(__file__).parent / "oracle" / "summaries.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("law", ORACLE["laws"], ids=lambda law: f"{law['mean']}-{law['share']}")
def test_laws(law):
    for name, make in (("max_entropy", max_entropy), ("probit", probit_pmf)):
        assert np.allclose(make(law["mean"], law["share"]).pmf, law[name], rtol=0, atol=1e-10)


def test_counts_and_sd_bounds():
    attained = 0
    for case in ORACLE["bounds"]:
        figures = case["mean"], case["share"], case["n"]
        assert reconstruct(*figures, rating_rate=1.0).count == case["count"]
        found = sd_bounds(*figures)
        assert found.feasible.item() == (case["count"] > 0)
        if case["count"]:
            attained += 1
            assert [found.lower.item(), found.upper.item()] == pytest.approx(case["sd"], abs=1e-12)
    assert attained >= 8
