import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from estimators import (
    Design,
    Recipe,
    coverage_bounds,
    inference_label,
    mean,
    quasi_randomize,
    rds_ii,
    scores,
    selection_bounds,
)

FALSE_ALARM = 1e-6


def test_label_follows_the_design_into_the_scores():
    codes = np.array([[5], [4], [3], [5]], dtype=np.int8)
    ratings = xr.Dataset(
        {"ratings": (("respondent", "item"), codes), "service": ("respondent", list("aabb"))},
        coords={"item": ["o01"]},
    )
    mixed = Design(weight=[1.0, 1, 1, 1], selection=["probability", "probability", "snowball", "probability"])
    found = scores(ratings, mixed, by="service")
    assert found.attrs["inference"].startswith("model-based: 25% of the weight")
    assert found.nonprobability.values.tolist() == [0.0, 0.5]
    plain = scores(ratings, Design(weight=[1.0, 1, 1, 1]), by="service")
    assert plain.attrs["inference"].startswith("design-based")
    assert "none is marked" in plain.attrs["inference"]
    marked = Design(weight=[1.0, 1], selection=["probability", "probability"])
    assert inference_label(marked) == "design-based: selection is the design's"


def test_quasi_randomisation_undoes_a_logistic_selection():
    rng = np.random.default_rng(11)
    size = 200_000
    x = rng.normal(size=size)
    y = 3 + x + rng.normal(size=size)
    came = rng.random(size) < 1 / (1 + np.exp(2.5 - x))
    people = pd.DataFrame({"x": x[came]})
    made = Recipe((quasi_randomize({"x": x.sum()}, population=size),)).run(people)
    design = made.onto(Design(weight=np.ones(int(came.sum()))))
    result = mean(design, y[came])
    naive = y[came].mean()
    assert abs(naive - y.mean()) > 0.5
    # 4.9 normal deviations: false alarm 1e-6
    assert abs(result.estimate[0] - y.mean()) < 4.9 * result.se[0]
    assert made.weight.min() >= 1


def test_rds_weights_recover_a_mean_under_selection_by_degree():
    degree = np.array([1, 2, 3, 4, 6])
    y = np.array([5.0, 4, 3, 2, 1])
    drawn = np.repeat(np.arange(5), degree)  # seen in exact proportion to degree
    w = rds_ii(degree[drawn], population=100)
    assert_allclose(w @ y[drawn] / w.sum(), y.mean())
    assert_allclose(w.sum(), 100)


def test_coverage_bounds_by_hand():
    low, high = coverage_bounds([4.0, 5.0], covered=[0.5, 1.0])
    assert_allclose(low, [2.5, 5.0])
    assert_allclose(high, [4.5, 5.0])
    low, high = coverage_bounds(4.0, covered=0.5, delta=0.4)
    assert_allclose([low, high], [3.8, 4.2])


def test_selection_bounds_are_sharp():
    from itertools import product

    rng = np.random.default_rng(2)
    for shares in rng.dirichlet(np.ones(5), size=20):
        corners = np.array(list(product([0.5, 2.0], repeat=5)))
        means = (corners * shares) @ np.arange(1, 6) / (corners @ shares)
        low, high = selection_bounds(shares, gamma=2)
        assert_allclose([low, high], [means.min(), means.max()])
        same = selection_bounds(shares, gamma=1)
        assert_allclose(same, shares @ np.arange(1, 6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rds_ii([1, 0]), "degree must be positive"),
        (lambda: rds_ii([1, 2], population=1), "population must be at least"),
        (lambda: coverage_bounds(4.0, covered=80), "divide a percentage by 100"),
        (lambda: coverage_bounds(75.0, covered=0.8), r"estimate must lie within bounds \(1.0, 5.0\), got 75"),
        (lambda: coverage_bounds(4.0, covered=0.8, bounds=(5, 1)), "bounds must increase, got"),
        (lambda: coverage_bounds(4.0, covered=0.8, delta=-1), "delta must not be negative"),
        (lambda: selection_bounds([0.2] * 5, gamma=2, scores=[1, 2, 3, 5, 4]), "increasing values"),
        (lambda: selection_bounds([0.5] * 2, gamma=2), "must end in 5 shares"),
        (lambda: selection_bounds([20] * 5, gamma=2), "sum to 1; divide the counts"),
        (lambda: selection_bounds([0.2] * 5, gamma=0.5), "gamma must be at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("way", ["Probability", " probability", True, 1])
def test_a_way_of_selection_is_a_word_spelt_right(way):
    with pytest.raises(ValueError, match=r"selection must be 'probability' or another word, .* got"):
        Design(weight=[1.0, 1.0], selection=np.array([way, "snowball"], dtype=object))


def test_text_and_infinity_are_no_numbers():
    with pytest.raises(TypeError, match="degree must be numbers, the first is '1'"):
        rds_ii(["1", "2"])
    with pytest.raises(ValueError, match="population must be at least the 2 respondents, got inf"):
        rds_ii([1, 2], population=np.inf)
    with pytest.raises(TypeError, match="estimate must be numbers, got '4'"):
        coverage_bounds("4", covered=0.8)
    with pytest.raises(TypeError, match="distribution must be numbers"):
        selection_bounds(list("00001"), gamma=2)
    with pytest.raises(TypeError, match="design must be a Design, got str"):
        inference_label("design")
