import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from estimators import adjust

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)


@pytest.mark.parametrize("method", ["holm", "bh", "bonferroni"])
def test_closed_corrections_agree(method):
    found = adjust(ORACLE["p_adjust"]["p_value"], method=method)
    assert np.allclose(found["p_adjusted"], ORACLE["p_adjust"][method], rtol=1e-14)
    assert not found["p_adjusted_mcse"].any()


def test_step_down_max_t_agrees_with_integrated_joint_law():
    case = ORACLE["max_t"]
    found = adjust(case["p_value"], method="max_t", correlation=case["correlation"], draws=200_000)
    assert np.all(np.abs(found["p_adjusted"] - case["p_adjusted"]) < 5 * found["p_adjusted_mcse"] + 2e-4)


def test_max_t_of_one_test_is_its_p_value():
    found = adjust([0.03], method="max_t", correlation=[[1.0]], draws=100_000, df=9)
    assert float(found["p_adjusted"][0]) == pytest.approx(0.03, abs=5 * np.sqrt(0.03 * 0.97 / 100_000))


def test_max_t_lies_between_no_correction_and_holm():
    p_values, correlation = np.array([0.001, 0.01, 0.02, 0.2]), 0.7 + 0.3 * np.eye(4)
    found = adjust(p_values, method="max_t", correlation=correlation, draws=100_000)["p_adjusted"]
    assert np.all(found >= p_values)
    assert np.all(found <= adjust(p_values, method="holm")["p_adjusted"] + 0.003)
    perfect = adjust([0.01, 0.01], method="max_t", correlation=np.ones((2, 2)), draws=100_000)
    assert np.allclose(perfect["p_adjusted"], 0.01, atol=0.002)


@given(P_VALUES)
def test_corrections_are_monotone_and_ordered(p_values):
    order = np.argsort(p_values, kind="stable")
    found = {m: adjust(p_values, method=m)["p_adjusted"].values for m in ("none", "bh", "holm", "bonferroni")}
    for values in found.values():
        assert np.all(np.diff(values[order]) >= 0)
        assert np.all((values >= p_values) & (values <= 1))
    assert np.all(found["bh"] <= found["holm"] + 1e-15)
    assert np.all(found["holm"] <= found["bonferroni"] + 1e-15)


def test_the_family_is_the_whole_labelled_array():
    given_p = xr.DataArray([[0.01, 0.5], [0.02, 0.03]], dims=("region", "statistic"))
    found = adjust(given_p, method="holm")
    assert found["p_adjusted"].dims == ("region", "statistic")
    assert np.allclose(found["p_adjusted"], [[0.04, 0.5], [0.06, 0.06]])


@pytest.mark.parametrize(
    ("p_values", "options", "message"),
    [
        ([0.1, 1.2], {}, "between 0 and 1"),
        ([0.1, np.nan], {}, "between 0 and 1"),
        ([], {}, "at least one"),
        ([0.1], {"method": "fisher"}, "method must be one of"),
        ([0.1], {"method": "max_t"}, "correlation must be given"),
        ([0.1], {"method": "holm", "correlation": [[1.0]]}, "for no other"),
        ([0.1, 0.2], {"method": "max_t", "correlation": [[4.0, 1.0], [1.0, 4.0]]}, "ones on its diagonal"),
        ([0.1, 0.2], {"method": "max_t", "correlation": [[1.0, 2.0], [2.0, 1.0]]}, "positive semidefinite"),
    ],
)
def test_bad_families_are_refused(p_values, options, message):
    with pytest.raises(ValueError, match=message):
        adjust(p_values, **options)
