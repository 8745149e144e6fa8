from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapa.microdata.attainable import attains
from sapa.microdata.counts import solve
from sapa.microdata.item_rounding import as_printed, rounded_means, rounded_shares
from sapa.microdata.joint import CRITERION_MISS, Menu, choose
from sapa.microdata.lattice import apportion, even, mean_options
from sapa.microdata.people import Group, order
from sapa.microdata.targets import Figures, Interval, target, targets
from sapa.microdata.uneven import uneven_triples
from sapa.microdata.vectors import count_vectors
from sapa.published import table


@given(st.integers(0, 40), st.integers(0, 10), st.data())
@settings(max_examples=60, deadline=None)
def test_count_vectors_are_the_most_numerous_of_all(rest: int, fives: int, data: st.DataObject) -> None:
    points = data.draw(st.integers(rest, 4 * rest))
    found = count_vectors(np.array([rest + fives]), np.array([fives]), np.array([5 * fives + points]))[0]
    assert found.sum() == rest + fives
    assert found @ np.arange(1, 6) == 5 * fives + points
    assert found[4] == fives

    def ways(counts: list[int]) -> float:
        return -sum(lgamma(c + 1) for c in counts)

    every = (
        [one, two, rest - one - two - four, four]
        for one in range(rest + 1)
        for two in range(rest - one + 1)
        for four in [points - one - 2 * two - 3 * (rest - one - two)]
        if 0 <= four <= rest - one - two
    )
    assert ways(found[:4].tolist()) == pytest.approx(max(ways(counts) for counts in every))


def test_count_vectors_refuse_impossible_sums() -> None:
    with pytest.raises(ValueError, match="sums must lie between"):
        count_vectors(np.array([10]), np.array([6]), np.array([47]))


@pytest.mark.parametrize("printed", [4.96, 4.5, 3.63])
@pytest.mark.parametrize("asked", [3, 8, 11])
def test_mean_options_of_one_item_are_all_that_print(asked: int, printed: float) -> None:
    mean = Interval.of(printed, 0.01)
    for fives in range(asked + 1):
        every = {
            (raters, total)
            for raters in range(max(fives, 1), asked + 1)
            for total in range(raters + 4 * fives, 4 * raters + fives + 1)
            if mean.holds(total / raters)
        }
        found = {(int(o.raters[0]), int(o.sums[0])) for o in mean_options(asked, np.array([fives]), mean)}
        assert found <= every
        assert bool(found) == bool(every)


@pytest.mark.parametrize("silent", [0, 2, 5])
def test_means_of_about_the_wanted_non_raters_come_first(silent: int) -> None:
    mean, asked = Interval.of(4.7, 0.01), 30
    for fives in range(15, 27):
        every = {
            raters
            for raters in range(fives, asked + 1)
            for total in range(raters + 4 * fives, 4 * raters + fives + 1)
            if mean.holds(total / raters)
        }
        found = mean_options(asked, np.array([fives]), mean, silent=silent)
        off = [abs(asked - silent - int(option.raters[0])) for option in found]
        assert off == sorted(off)
        assert [option.cost for option in found] == pytest.approx([k / asked for k in off])
        if every:
            assert off[0] == min(abs(asked - silent - raters) for raters in every)


def test_mean_options_of_two_items_miss_nothing_among_few_people() -> None:
    mean, asked, fives = Interval.of(4.03, 0.01), 6, 4
    every = [
        (a, b)
        for a, b, f in product(range(1, asked + 1), range(1, asked + 1), range(fives + 1))
        if f <= a and fives - f <= b
        for s, t in product(
            range(a + 4 * f, 4 * a + f + 1), range(b + 4 * (fives - f), 4 * b + fives - f + 1)
        )
        if mean.holds((s / a + t / b) / 2)
    ]
    found = mean_options(asked, even(fives, 2), mean)
    assert found
    most = max(a + b for a, b in every)
    assert int(found[0].raters.sum()) == most
    for option in found:
        assert mean.holds(option.value)
        assert option.value == pytest.approx((option.sums / option.raters).mean())


def test_rounded_items_print_what_unrounded_ones_cannot() -> None:
    """s44: 26 people, costs 78.9% and 4.42."""
    share = Interval.of(0.789, 0.001)
    fives = rounded_shares(26, 2, share)[0]
    assert not share.holds(fives.sum() / 52)
    assert share.holds(as_printed(fives / 26, 0.001).mean())
    figures = Figures.of(4.42, 78.9)
    assert attains(26, 2, figures, rounded=True)
    assert not attains(26, 2, figures, rounded=False)
    mean = Interval.of(4.84, 0.01)  # s14 online, costs: items of 5.00 and 4.67
    means = rounded_means(3, np.array([3, 2]), mean)
    assert mean.holds(as_printed(means[0].sums / means[0].raters, 0.01).mean())
    assert not mean_options(3, np.array([3, 2]), mean)


def test_halves_print_up_as_the_report_prints_them() -> None:
    assert Interval.of(4.63, 0.01).holds(4.625)  # s41 terms, 37 of 8 people
    assert Interval.of(0.813, 0.001).holds(0.8125)  # s41 access, 26 fives of 32
    assert not Interval.of(0.937, 0.001).holds(0.9375)  # s41 procedure prints 93.7: the exception


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_joint_choice_is_the_cheapest_of_all_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def menu() -> Menu:
        cost = rng.uniform(0, 0.1, 4) + CRITERION_MISS * np.array([0, 0, 1, 1])
        return Menu(rng.integers(400, 500, 4) / 100, cost)

    channels = [[menu() for _ in range(3)] for _ in range(2)]
    printed = [Interval.of(round(rng.uniform(4.2, 4.8), 2), 0.01) for _ in channels]
    service = Interval.of(round(float(np.mean([p.printed for p in printed])), 2), 0.01)

    def misses(picked: list[list[int]]) -> tuple[bool, int, int]:
        means = [
            np.mean([m.value[k] for m, k in zip(menus, ks, strict=True)])
            for menus, ks in zip(channels, picked, strict=True)
        ]
        missed = sum(not figure.holds(mean) for figure, mean in zip(printed, means, strict=True))
        wrong = sum(k >= 2 for ks in picked for k in ks)
        return not service.holds(float(np.mean(means))), missed, wrong

    found = misses(choose(channels, printed, service, unit=0.01))
    triples = [list(ks) for ks in product(range(4), repeat=3)]
    best = min(misses([a, b]) for a in triples for b in triples if sum(k >= 2 for k in a + b) <= 3)
    assert found <= best


def test_solved_counts_can_be_ratings() -> None:
    for service in targets():
        for counts in solve(service.service).counts:
            assert (counts.fives <= counts.raters).all()
            assert (counts.raters <= counts.cell.asked).all()
            assert (counts.sums >= counts.raters + 4 * counts.fives).all()
            assert (counts.sums <= 4 * counts.raters + counts.fives).all()


@given(st.integers(0, 30), st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_apportioned_parts_add_up_and_stay_next_to_proportion(total: int, size: list[int]) -> None:
    sizes = np.array(size)
    total = min(total, int(sizes.sum()))
    parts = apportion(total, sizes)
    assert parts.sum() == total
    assert (np.abs(parts - total * sizes / max(sizes.sum(), 1)) < 1 + 1e-9).all()
    assert (parts <= sizes).all()


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.99])
def test_dealt_ratings_have_the_counts(rho: float) -> None:
    group = Group(
        9,
        np.array([9, 4, 4]),
        np.array([[1, 0, 2, 0, 5], [0, 1, 0, 0, 2], [0, 0, 0, 1, 3]]),
        np.array([-1, 0, 0]),
    )
    ratings = order(group, rho=rho, rng=np.random.default_rng(5))
    for k in range(3):
        assert (
            np.bincount(ratings[:, k][ratings[:, k] > 0], minlength=6)[1:].tolist()
            == group.counts[k].tolist()
        )
        assert (ratings[:, k] == -1).sum() == 9 - group.asked[k]
        assert (ratings[:, k] == -2).sum() == group.asked[k] - group.counts[k].sum()
    assert ((ratings[:, 1] == -1) == (ratings[:, 2] == -1)).all()


def test_overlay_moves_figures_to_the_feedback_they_are() -> None:
    office, online = target("s54").forms
    assert (office.criteria["feedback"].mean.printed, online.criteria["feedback"].mean.printed) == (5.0, 3.5)
    assert np.isnan(office.criteria["result"].mean.printed)
    assert target("s59").forms[1].figures.mean.printed == 4.62
    assert "feedback" not in target("s10").forms[1].criteria  # 0.00 stands for no ratings


def test_without_overlay_table_8_lies_outside_any_placement_for_six_services() -> None:
    """Criteria anywhere within their printed half units: the service's range misses what Table 8 prints."""
    criteria = table("criteria").query("mean_score > 0")
    ranking = table("service_ranking_2020").query("service_id != ''").set_index("service_id")
    outside = set()
    for column, unit in (("mean_score", 0.01), ("satisfaction_pct", 0.1)):
        channels = criteria.groupby(["service_id", "channel"])[column].mean()
        middle = channels.groupby("service_id").mean()
        far = (middle - ranking[column].loc[middle.index]).abs() > unit + 1e-9
        outside |= set(middle.index[far])
    assert outside == {"s24", "s27", "s54", "s58", "s59", "s63"}


def test_unknown_service_is_refused() -> None:
    with pytest.raises(ValueError, match="one of the 62 surveyed, got 's04'"):
        target("s04")


def every_mean(asked: int, items: int, fives: int) -> set[Fraction]:
    """Means of all counts with that many fives in all, by enumeration."""
    item = [
        (f, Fraction(s, a))
        for a in range(1, asked + 1)
        for f in range(a + 1)
        for s in range(a + 4 * f, 4 * a + f + 1)
    ]
    return {
        sum((mean for _, mean in choice), Fraction(0)) / items
        for choice in combinations_with_replacement(item, items)
        if sum(f for f, _ in choice) == fives
    }


@pytest.mark.parametrize(("asked", "items", "fives"), [(4, 2, 5), (3, 3, 4), (3, 3, 8), (2, 4, 5), (5, 1, 3)])
def test_uneven_triples_print_exactly_what_enumeration_prints(asked: int, items: int, fives: int) -> None:
    means = every_mean(asked, items, fives)
    for hundredth in range(100, 501):
        figure = Interval.of(hundredth / 100, 0.01)
        found = uneven_triples(asked, [range(asked + 1)] * items, fives, figure, keep=3)
        assert bool(found) == any(figure.holds(float(mean)) for mean in means)
        for raters, five, sums in (triples.T for triples in found):
            assert five.sum() == fives
            assert ((raters + 4 * five <= sums) & (sums <= 4 * raters + five) & (raters <= asked)).all()
            assert figure.holds(float((sums / raters).mean()))


def test_access_of_s02_in_the_office_prints_with_raters_that_differ() -> None:
    counts = next(c for c in solve("s02").counts if (c.channel, c.cell.criterion) == ("office", "access"))
    assert np.ptp(counts.raters) > 1
    assert counts.fives.sum() / (5 * 10) == 0.9
    assert Interval.of(4.95, 0.01).holds(float((counts.sums / counts.raters).mean()))
