"""The long search for regional placements and the bound: against every placement of tiny services."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sapa.microdata.board import Board
from sapa.microdata.bound import best_prices, bound, prices
from sapa.microdata.cases import Case, best_cases, bound_by_cases, exhaustive, given
from sapa.microdata.kept import keep, kept, mark
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.nearer import main, nearer
from sapa.microdata.placement import regional_tables
from sapa.microdata.programme import alike, parts, steps_apart, sums
from sapa.microdata.regional_report import regional_nearness
from sapa.microdata.regions import placed, regional_figures
from sapa.microdata.search import search
from sapa.microdata.solve import least, relaxed
from sapa.microdata.spread import spread

SERVICES = sorted(set(regional_tables()) - {"s62"})
PEOPLE = np.array([1, 2, 2])


def tiny(seed: int) -> tuple[Layout, np.ndarray, np.ndarray]:
    """Three regions of five people, two criteria of two items and one, and figures that cannot all print."""
    rng = np.random.default_rng(seed)
    given = np.sort(rng.choice([1, 2, 3, 4, 5, 5, 5], (3, 5)), axis=1)
    given[1] = given[0]
    given[rng.integers(3), 0] = 0  # someone does not answer
    counts = np.stack([np.bincount(row, minlength=6)[1:] for row in given])
    asked = np.tile(PEOPLE, (3, 1))
    raters = asked.copy()
    raters[:, 2] -= (given == 0).sum(axis=1)
    laid = Layout(
        "tiny",
        ("a", "b", "c"),
        PEOPLE[:, None],
        np.zeros(3, dtype=int),
        np.arange(3),
        np.array([0, 0, 1]),
        asked,
        raters,
        counts,
        np.repeat(np.array([0.25, 0.25, 0.5])[:, None], 3, axis=1),
        np.full(3, -1),
    )
    return laid, rng.uniform(3.0, 5.0, 3).round(2), rng.uniform(0.2, 0.9, 3).round(3)


def every_placement(laid: Layout) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each item: means and shares of fives by region of every way to deal its answers, none blank."""
    place = np.repeat(np.arange(3), PEOPLE)
    found = []
    for asked, counts in zip(laid.asked, laid.counts, strict=True):
        answers = np.repeat(np.arange(6), [asked.sum() - counts.sum(), *counts]).tolist()
        dealt = np.array(sorted(set(permutations(answers))))
        by = np.eye(3)[place]
        raters = (dealt > 0) @ by
        rated = (raters > 0).all(axis=1)
        found.append(((dealt @ by / np.maximum(raters, 1))[rated], ((dealt == 5) @ by / PEOPLE)[rated]))
    return found


def error(figure: np.ndarray, printed: np.ndarray, unit: float) -> np.ndarray:
    """Distance of figures that do not print from the printed ones, in units, halves up, over regions."""
    off = (figure - printed) / unit
    return np.where((off >= -0.5 - 1e-6) & (off < 0.5 - 1e-6), 0.0, np.abs(off)).sum(axis=-1)


def least_enumerated(laid: Layout, mean: np.ndarray, share: np.ndarray) -> float:
    """Least total error of all placements."""
    items = every_placement(laid)
    found = np.inf
    for (m0, s0), (m1, s1) in product(zip(*items[0], strict=True), zip(*items[1], strict=True)):
        figures = (m0 + m1) / 4 + items[2][0] / 2, (s0 + s1) / 4 + items[2][1] / 2
        found = min(found, float((error(figures[0], mean, 0.01) + error(figures[1], share, 0.001)).min()))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_search_finds_the_least_of_all_placements_and_the_bound_is_below(seed: int) -> None:
    laid, mean, share = tiny(seed)
    least_error = least_enumerated(laid, mean, share)
    found, total = parts(laid, mean, share, like=0)
    below = bound(found, total, prices(found, total))
    linear = least([relaxed(part) for part in found], total).fun
    assert linear - 1e-6 <= below <= least_error + 1e-4
    best = nearer(laid, mean, share, rounds=3)
    ratings = best.cells[..., 1:]
    assert (ratings.sum(axis=1) == laid.counts).all()
    assert (best.cells.sum(axis=2) == laid.asked).all()
    assert (ratings.sum(axis=2) > 0).all()
    assert attained(ratings, laid, mean, share) == pytest.approx(least_error, abs=1e-3)


def attained(ratings: np.ndarray, laid: Layout, mean: np.ndarray, share: np.ndarray) -> float:
    """Total error of (3, 3, 5) ratings."""
    figure = (laid.weight * (ratings @ np.arange(1, 6)) / ratings.sum(axis=2)).sum(axis=0)
    fives = (laid.weight * ratings[..., 4] / laid.asked).sum(axis=0)
    return float(error(figure, mean, 0.01) + error(fives, share, 0.001))


@pytest.mark.parametrize("seed", range(3))
def test_a_bound_holds_at_any_prices(seed: int) -> None:
    laid, mean, share = tiny(seed)
    found, total = parts(laid, mean, share)
    price = np.random.default_rng(seed).normal(0, 20, total.size)
    assert bound(found, total, price) <= least_enumerated(laid, mean, share) + 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_better_prices_raise_the_bound_and_keep_it_below_every_placement(seed: int) -> None:
    laid, mean, share = tiny(seed)
    found, total = parts(laid, mean, share)
    dear = np.random.default_rng(seed).normal(0, 5, total.size)
    best = best_prices(found, total, dear)
    assert best.bound == pytest.approx(bound(found, total, best.price))
    assert bound(found, total, dear) < best.bound <= least_enumerated(laid, mean, share) + 1e-4
    assert best.bound > bound(found, total, prices(found, total)) - 0.5


@pytest.mark.parametrize("seed", range(3))
def test_cases_raise_the_bound_and_keep_it_below_every_placement(seed: int) -> None:
    laid, mean, share = tiny(seed)
    found, total = parts(laid, mean, share)
    least_error = least_enumerated(laid, mean, share)
    price = prices(found, total)
    one, alone = best_cases(found, total, price, goal=least_error, steps=20, most=1)
    cases, below = best_cases(found, total, price, goal=least_error - 1e-4, steps=20, most=30)
    assert len(one) == 1
    assert exhaustive([case.missed for case in cases])
    assert alone - 1e-5 <= below <= least_error + 1e-4
    assert bound_by_cases(found, total, cases) == pytest.approx(below, abs=1e-4)
    assert below > least_error - 0.3


def test_a_case_without_a_placement_has_no_least_error() -> None:
    """Three and four points of one person print as no 4.50."""
    laid, *_ = tiny(0)
    found, total = parts(laid, np.full(3, 4.51), np.full(3, np.nan))
    told = given(found, {(0, 0): False})
    assert bound(told, total, np.zeros(total.size)) == np.inf
    assert bound(given(found, {(0, 0): True}), total, np.zeros(total.size)) < np.inf


@pytest.mark.parametrize("seed", range(20))
def test_cases_are_exhaustive_when_every_outcome_falls_under_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cases = [
        {(int(f), 0): bool(rng.integers(2)) for f in rng.choice(3, rng.integers(1, 3), replace=False)}
        for _ in range(rng.integers(1, 7))
    ]
    every = all(
        any(all(outcome[r] == told for (r, _), told in case.items()) for case in cases)
        for outcome in product((False, True), repeat=3)
    )
    assert exhaustive(cases) == every


def test_a_figure_at_the_open_end_of_its_interval_is_missed() -> None:
    """33 points of eight people are 4.125, which prints as 4.13: a printed 4.12 errs by half a unit."""
    eight = Layout(
        "eight",
        ("a",),
        np.array([[8]]),
        *np.zeros((3, 1), dtype=int),
        np.array([[8]]),
        np.array([[8]]),
        np.array([[0, 0, 0, 7, 1]]),
        np.ones((1, 1)),
        np.array([-1]),
    )
    for printed, error_of in ((4.13, 0.0), (4.12, 0.5), (4.11, 1.5)):
        found, total = parts(eight, np.array([printed]), np.array([np.nan]))
        assert least(found, total).fun == pytest.approx(error_of, abs=1e-5)
        assert bound(found, total, np.zeros(total.size)) <= error_of + 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_figures_lie_as_far_from_ends_as_said_or_at_them(seed: int) -> None:
    laid, *_ = tiny(seed)
    for r in range(3):
        mean_step, share_step = steps_apart(laid, r)
        (m0, s0), (m1, s1), (m2, s2) = every_placement(laid)
        means = np.unique((m0[:, None, r] + m1[:, r]) / 4)[:, None] + np.unique(m2[:, r]) / 2
        shares = np.unique((s0[:, None, r] + s1[:, r]) / 4)[:, None] + np.unique(s2[:, r]) / 2
        for figure, unit, step in ((means, 0.01, mean_step), (shares, 0.001, share_step)):
            off = np.abs((figure / unit - 0.5) - np.rint(figure / unit - 0.5))
            assert (off[off > 1e-6] > step * (1 - 1e-6)).all()


def test_items_are_summed_when_they_weigh_alike_and_have_nearly_the_same_counts() -> None:
    laid, *_ = tiny(0)
    moved = laid.counts + np.array([[0, 0, 0, 0, 0], [0, 0, 0, 3, -3], [0, 0, 0, 0, 0]])
    assert alike(replace(laid, counts=laid.counts), 2).tolist() == [0, 0, 1]
    assert alike(replace(laid, counts=moved), 2).tolist() == [0, 1, 2]
    assert alike(replace(laid, counts=moved), 3).tolist() == [0, 0, 1]


def test_single_items_make_the_figures_that_sums_by_criterion_make() -> None:
    laid, mean, share = tiny(1)
    found, total = parts(laid, mean, share)
    solved, searched = search(found, total, laid.people.sum(axis=1), rounds=2, goal=0.0, ties=0.002)
    after, ratings = spread(laid, found, solved)
    assert (ratings.sum(axis=2) == after.raters).all()
    assert (ratings.sum(axis=1) == laid.counts).all()
    assert attained(ratings, laid, mean, share) == pytest.approx(searched, abs=1e-4)
    of = np.eye(3)[alike(laid, 2)]
    for r, (part, state) in enumerate(zip(found, solved, strict=True)):
        fives, silent = (part.sums @ state).reshape(6, -1)[4:]
        assert fives == pytest.approx((ratings[:, r, 4] @ of)[: fives.size])
        assert silent == pytest.approx(((laid.asked - after.raters)[:, r] @ of)[: silent.size])


@pytest.mark.parametrize("service", SERVICES)
def test_kept_placements_are_those_of_todays_counts(service: str) -> None:
    """Where this fails, counts or people have changed: `python -m sapa.microdata.nearer` searches anew."""
    laid = layout(service)
    found = kept(laid, *regional_figures(service, laid.regions))
    assert found is not None
    assert (placed(service).ratings == found.cells[..., 1:]).all()


def admitted(service: str) -> None:
    """Kept answers are ratings that the programmes allow, at the error they have."""
    laid = placed(service).layout
    mean, share = regional_figures(service, laid.regions)
    answers = kept(layout(service), mean, share)
    assert answers is not None
    found, _ = parts(laid, mean, share)
    errors = Board.of(laid, answers.cells[..., 1:], mean, share).errors()
    for part, counts, mine in zip(found, sums(laid, answers.cells), errors, strict=True):
        assert least([part], counts).fun <= mine + 1e-6


@pytest.mark.parametrize("service", ["s60", "s63"])
def test_kept_answers_are_what_the_programmes_allow(service: str) -> None:
    admitted(service)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_all_kept_answers_are_what_the_programmes_allow(service: str) -> None:
    admitted(service)


@pytest.mark.parametrize("service", ["s60", "s63"])
def test_kept_prices_prove_the_kept_bound(service: str) -> None:
    prove(service)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_kept_prices_prove_every_kept_bound(service: str) -> None:
    prove(service)


def prove(service: str) -> None:
    """Every region's integer programme at the kept prices of every case, solved again: the kept bound."""
    laid = layout(service)
    mean, share = regional_figures(service, laid.regions)
    found = kept(laid, mean, share)
    assert found is not None
    programmes = parts(placed(service).layout, mean, share)
    assert bound_by_cases(*programmes, found.cases) == pytest.approx(found.bound, abs=1e-3)


def test_nothing_is_kept_of_other_figures_and_broken_files_are_named(tmp_path: Path) -> None:
    laid = layout("s63")
    mean, share = regional_figures("s63", laid.regions)
    found = kept(laid, mean, share)
    assert found is not None
    assert kept(laid, mean + 0.01, share) is None
    assert kept(laid, mean, share, folder=tmp_path) is None
    assert mark(replace(laid, counts=laid.counts[::-1]), mean, share) != mark(laid, mean, share)
    keep(laid, mean, share, found, folder=tmp_path)
    again = kept(laid, mean, share, folder=tmp_path)
    assert again is not None
    assert (again.cells == found.cells).all()
    assert again.bound == found.bound


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told["answers"].popitem(), "answers must be whole counts by item and region of s63"),
        (lambda told: put(told, [-1, 0, 0, 0, 0, 2]), "answers must be whole counts by item and region"),
        (lambda told: put(told, [0, 0, 0, 0, 0, 1.5]), "answers must be whole counts by item and region"),
        (lambda told: put(told, ["x", 0, 0, 0, 0, 1]), "answers must be whole counts by item and region"),
        (lambda told: put(told, [0, 0, 0, 0]), "must hold mark, bound, cases and answers"),
        (
            lambda told: put(told, [0, 0, 0, 0, 0, 99]),
            "answers must add up to the people asked and the counts",
        ),
        (lambda told: moved(told), "answers must be of all people of a region, of the same users"),
        (lambda told: told.update(bound=float("nan")), "bound must be a number from 0 and prices"),
        (lambda told: told.update(bound=-5.0), "bound must be a number from 0 and prices"),
        (lambda told: told["cases"][0]["price"].pop(), "bound must be a number from 0 and prices"),
        (lambda told: told["cases"][0].update(missed={"NUR mean": True}), "leave out no placement"),
        (
            lambda told: told["cases"][0].update(missed={"NUR": True}),
            "must hold mark, bound, cases and answers",
        ),
        (lambda told: told.pop("cases"), "must hold mark, bound, cases and answers; KeyError: 'cases'"),
        (lambda told: told.update(answers=[]), "must hold mark, bound, cases and answers"),
    ],
)
def test_broken_kept_files_are_named_with_a_remedy(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    laid = layout("s63")
    mean, share = regional_figures("s63", laid.regions)
    found = kept(laid, mean, share)
    assert found is not None
    place = keep(laid, mean, share, found, folder=tmp_path)
    told = json.loads(place.read_text(encoding="utf-8"))
    change(told)
    place.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"s63.json: .*{message}.*; delete the file and run python -m"):
        kept(laid, mean, share, folder=tmp_path)


def put(told: dict[str, Any], answers: list[object]) -> None:
    """Other answers to the first item in the first region."""
    next(iter(told["answers"].values()))[0] = answers


def moved(told: dict[str, Any]) -> None:
    """One person's answer to the first item moved to the next region."""
    a, b, *_ = next(iter(told["answers"].values()))
    answer = next(k for k in range(6) if a[k])
    a[answer] -= 1
    b[answer] += 1


def test_an_empty_kept_file_is_named(tmp_path: Path) -> None:
    laid = layout("s63")
    (tmp_path / "s63.json").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=r"s63.json: must hold mark.*JSONDecodeError.*; delete the file"):
        kept(laid, *regional_figures("s63", laid.regions), folder=tmp_path)


@pytest.mark.parametrize("service", ["s99", "s62", "s01"])
def test_services_that_are_not_searched_are_refused(service: str) -> None:
    with pytest.raises(ValueError, match=f"services must be local ones that are searched, got '{service}'"):
        main([service])


def test_kept_users_may_live_in_other_regions(tmp_path: Path) -> None:
    """A complainer moves, all items of the criterion with it; an item alone does not."""
    laid = layout("s63")
    mean, share = regional_figures("s63", laid.regions)
    found = kept(laid, mean, share)
    assert found is not None
    group, people = laid.users, laid.people.T[laid.channel]
    mine = np.flatnonzero(group == group.max())
    asked = found.cells.sum(axis=2)[mine[0]]
    a = int(np.argmax(asked))
    b = int(np.flatnonzero((asked < people[mine[0]]) & (np.arange(asked.size) != a))[0])
    cells = found.cells.copy()
    for block in mine:
        answer = int(np.argmax(cells[block, a]))
        cells[block, [a, b], answer] += [-1, 1]
        if block == mine[0] and mine.size > 1:
            keep(laid, mean, share, replace(found, cells=cells), folder=tmp_path)
            with pytest.raises(ValueError, match="of the same users"):
                kept(laid, mean, share, folder=tmp_path)
    keep(laid, mean, share, replace(found, cells=cells), folder=tmp_path)
    again = kept(laid, mean, share, folder=tmp_path)
    assert again is not None
    assert as_answered(laid, again.cells).asked[mine[0], b] == asked[b] + 1


def test_kept_cases_must_leave_out_no_placement(tmp_path: Path) -> None:
    laid = layout("s63")
    mean, share = regional_figures("s63", laid.regions)
    found = kept(laid, mean, share)
    assert found is not None
    price = found.cases[0].price
    halves = tuple(Case({(3, 1): missed}, price) for missed in (False, True))
    keep(laid, mean, share, replace(found, cases=halves), folder=tmp_path)
    again = kept(laid, mean, share, folder=tmp_path)
    assert again is not None
    assert [case.missed for case in again.cases] == [case.missed for case in halves]
    assert (again.cases[1].price == price).all()
    keep(laid, mean, share, replace(found, cases=halves[:1]), folder=tmp_path)
    with pytest.raises(
        ValueError, match=r"s63.json: cases must have finite prices and leave out no placement"
    ):
        kept(laid, mean, share, folder=tmp_path)


def test_regional_rows_say_what_is_proved() -> None:
    rows = regional_nearness().set_index("service")
    assert (rows["gap"] > -1e-6).all()
    assert rows.loc[["s62", "s63", "s68"], "proved"].all()
    assert (rows["proved"] == (rows["gap"] < 0.01)).all()
