import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimators import Scheme, aggregate, averaging_matrix
from estimators.scheme import averaging_matrices

PATHS = [
    ("s1", "office", "access", "a"),
    ("s1", "office", "access", "b"),
    ("s1", "office", "result", "c"),
    ("s1", "online", "access", "d"),
    ("s2", "office", "access", "a"),
]
LEVELS = ("service", "channel", "criterion", "item")


def tiny() -> Scheme:
    scheme = Scheme.from_paths(PATHS, levels=LEVELS).grouped(
        "agency", {"s1": "A", "s2": "A"}, below="service"
    )
    return scheme.grouped("country", {"s1": "KZ", "s2": "KZ"}, below="service")


def test_weights_by_hand():
    matrix = averaging_matrix(tiny(), [1, 1, 1, 1, 1], level="service").toarray()
    np.testing.assert_allclose(matrix, [[0.125, 0.125, 0.25, 0.5, 0.0], [0, 0, 0, 0, 1.0]])


def test_missing_children_are_dropped_not_zero():
    matrix = averaging_matrix(tiny(), [1, 0, 0, 1, 0], level="country").toarray()
    np.testing.assert_allclose(matrix, [[0.5, 0, 0, 0.5, 0]])


def test_node_without_children_is_empty_and_nan():
    exists = np.array([1, 1, 1, 1, 0], dtype=bool)
    assert averaging_matrix(tiny(), exists, level="service").toarray()[1].tolist() == [0, 0, 0, 0, 0]
    figures = aggregate(tiny(), np.where(exists, 4.0, np.nan), level="service")
    np.testing.assert_array_equal(figures, [4.0, np.nan])


def test_one_complainer_of_a_two_channel_service_carries_one_part_in_32():
    """METHODS 4: one of two feedback items, eight criteria, two channels."""
    paths = [
        ("s", channel, f"c{criterion}", f"i{item}")
        for channel in ("office", "online")
        for criterion in range(8)
        for item in range(2)
    ]
    matrix = averaging_matrix(Scheme.from_paths(paths, levels=LEVELS), [True] * 32, level="service")
    np.testing.assert_allclose(matrix.toarray(), 1 / 32)


@given(
    values=st.lists(st.one_of(st.just(float("nan")), st.floats(1, 5)), min_size=5, max_size=5),
    level=st.sampled_from(["criterion", "channel", "service", "agency", "country"]),
)
def test_matrix_and_aggregate_are_the_same_rule(values, level):
    figures = np.array(values)
    exists = ~np.isnan(figures)
    matrix = averaging_matrix(tiny(), exists, level=level)
    by_matrix = matrix @ np.nan_to_num(figures)
    by_matrix[np.diff(matrix.indptr) == 0] = np.nan
    np.testing.assert_allclose(aggregate(tiny(), figures, level=level), by_matrix, rtol=1e-14)


@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_rows_sum_to_one_or_nothing(exists):
    total = averaging_matrix(tiny(), exists, level="agency").sum(axis=1)
    assert np.all(np.isclose(total, 1.0) | (total == 0.0))


def test_leading_axes_are_replicates():
    values = np.random.default_rng(1).uniform(1, 5, (2, 3, 5))
    many = aggregate(tiny(), values, level="country")
    assert many.shape == (2, 3, 1)
    np.testing.assert_allclose(many[1, 2], aggregate(tiny(), values[1, 2], level="country"))


def test_a_shared_item_counts_for_both_parents():
    base = Scheme.from_paths([("k", "a"), ("k", "b")], levels=("service", "item"))
    zones = base.grouped("zone", [("k/a", "office"), ("k/a", "body"), ("k/b", "body")], below="item")
    np.testing.assert_allclose(averaging_matrix(zones, [1, 1], level="zone").toarray(), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Scheme.from_paths([("s", "a"), ("s",)], levels=("service", "item")),
            r"paths\[1\] must have 2 ids",
        ),
        (
            lambda: Scheme.from_paths([("s", "a"), ("s", "a")], levels=("service", "item")),
            "must be unique, got 's/a'",
        ),
        (lambda: tiny().grouped("x", {"s9": "A"}, below="service"), "names 's9', no node of level 'service'"),
        (lambda: tiny().grouped("agency", {"s1": "A"}, below="service"), "must be a new level"),
        (lambda: tiny().grouped("x", [("s1", "A"), ("s1", "A")], below="service"), "name each pair once"),
        (lambda: Scheme.from_paths([("a/b", "c")], levels=("service", "item")), "ids without '/'"),
        (lambda: averaging_matrix(tiny(), [True], level="service"), r"shape \(5,\)"),
        (lambda: averaging_matrix(tiny(), [True] * 5, level="planet"), "level must be one of"),
        (lambda: aggregate(tiny(), [1.0, 2.0], level="service"), "axis of 5 leaves"),
    ],
)
def test_refusals_name_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(seed=st.integers(0, 2**32 - 1))
def test_matrices_of_several_levels_are_the_means_of_children_that_exist(seed):
    """Also where a child has several parents, or none, and where a leaf reaches a node by two ways."""
    rng = np.random.default_rng(seed)
    scheme = Scheme.from_paths([(f"s{k // 3}", f"i{k}") for k in range(12)], levels=("service", "item"))
    pairs = [(f"s{k}", f"g{g}") for k in range(4) for g in range(3) if rng.random() < 0.5]
    wanted = ["service"]
    if pairs:
        scheme = scheme.grouped("group", pairs, below="service").grouped(
            "all", {g: "all" for _, g in pairs}, below="group"
        )
        wanted += ["all", "group"]
    figures = np.where(rng.random(12) < 0.4, np.nan, rng.uniform(1, 5, 12))
    matrix = averaging_matrices(scheme, ~np.isnan(figures), levels=wanted)
    expected = np.concatenate([aggregate(scheme, figures, level=level) for level in wanted])
    empty = matrix.toarray().sum(axis=1) == 0
    np.testing.assert_array_equal(np.isnan(expected), empty)
    np.testing.assert_allclose((matrix @ np.nan_to_num(figures))[~empty], expected[~empty])
    alone = [averaging_matrix(scheme, ~np.isnan(figures), level=level).toarray() for level in wanted]
    np.testing.assert_array_equal(np.concatenate(alone), matrix.toarray())


@pytest.mark.parametrize(
    ("paths", "levels", "error", "message"),
    [
        ([], ("service", "item"), ValueError, "paths must hold at least one, got none"),
        (
            ["ab"],
            ("service", "item"),
            TypeError,
            r"paths\[0\] must be a sequence of texts, the ids, got 'ab'",
        ),
        ([("a", None)], ("service", "item"), TypeError, r"the ids, got \('a', None\)"),
        ([("a", "b")], ("item", "item"), ValueError, "levels must be named each once"),
        ([("a", "b")], "it", TypeError, "levels must be a list of names, got the text 'it'"),
    ],
)
def test_paths_that_make_no_tree_are_refused(paths, levels, error, message):
    with pytest.raises(error, match=message):
        Scheme.from_paths(paths, levels=levels)


def test_figures_that_are_none_are_refused():
    scheme = Scheme.from_paths([("s1", "a"), ("s1", "b")], levels=("service", "item"))
    with pytest.raises(ValueError, match="exists must be known for every leaf, some are NaN"):
        averaging_matrix(scheme, [1.0, np.nan], level="service")
    with pytest.raises(TypeError, match="values must be numbers, the first is '4'"):
        aggregate(scheme, ["4", "5"], level="service")
    with pytest.raises(ValueError, match="values must be finite, or NaN"):
        aggregate(scheme, [4.0, np.inf], level="service")
