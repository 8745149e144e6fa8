"""The long search for regional placements, against every placement of tiny services; what is kept of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sapa.microdata.floor import least_errors
from sapa.microdata.kept import keep, kept, mark
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.nearer import error as error_of
from sapa.microdata.nearer import main, nearer
from sapa.microdata.placement import regional_figures, regional_tables
from sapa.microdata.regional_report import regional_nearness
from sapa.microdata.regions import placed

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
    """Of each item: means and shares of fives by region of every way to deal its answers, nan where blank."""
    place = np.repeat(np.arange(3), PEOPLE)
    found = []
    for asked, counts in zip(laid.asked, laid.counts, strict=True):
        answers = np.repeat(np.arange(6), [asked.sum() - counts.sum(), *counts]).tolist()
        dealt = np.array(sorted(set(permutations(answers))))
        by = np.eye(3)[place]
        raters = np.where(((dealt > 0) @ by) > 0, (dealt > 0) @ by, np.nan)
        found.append((dealt @ by / raters, (dealt == 5) @ by / PEOPLE + 0 * raters))
    return found


def official(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """Mean of two criteria, of two items and of one, of those that are rated."""
    return np.nanmean([np.nanmean([first, second], axis=0), third], axis=0)


def error(figure: np.ndarray, printed: np.ndarray, unit: float) -> np.ndarray:
    """Distance of figures that do not print from the printed ones, in units, halves up, over regions."""
    off = (figure - printed) / unit
    return np.where((off >= -0.5 - 1e-6) & (off < 0.5 - 1e-6), 0.0, np.abs(off)).sum(axis=-1)


def in_print(figure: np.ndarray, printed: np.ndarray, unit: float) -> np.ndarray:
    """Whole units by which figures print away from the printed ones, halves up, over regions."""
    return np.abs(np.floor((figure - printed) / unit + 0.5 + 1e-6)).sum(axis=-1)


def least_enumerated(laid: Layout, mean: np.ndarray, share: np.ndarray) -> tuple[float, float]:
    """Least total error of all placements, and fewest units in print."""
    items = every_placement(laid)
    found = [np.inf, np.inf]
    for (m0, s0), (m1, s1) in product(zip(*items[0], strict=True), zip(*items[1], strict=True)):
        third = items[2]
        figures = [
            official(np.broadcast_to(a, c.shape), np.broadcast_to(b, c.shape), c)
            for a, b, c in ((m0, m1, third[0]), (s0, s1, third[1]))
        ]
        for k, off in enumerate((error, in_print)):
            every = off(figures[0], mean, 0.01) + off(figures[1], share, 0.001)
            found[k] = min(found[k], float(every.min()))
    return found[0], found[1]


@pytest.mark.parametrize("seed", range(6))
def test_search_finds_the_least_of_all_placements_and_the_floor_is_below(seed: int) -> None:
    laid, mean, share = tiny(seed)
    least_error, least_in_print = least_enumerated(laid, mean, share)
    assert least_errors(laid, mean, share).sum() <= least_in_print
    cells = nearer(laid, mean, share, restarts=100, within=0.0)
    ratings = cells[..., 1:]
    assert (ratings.sum(axis=1) == laid.counts).all()
    assert (cells.sum(axis=2) == laid.asked).all()
    assert error_of(laid, cells, mean, share) == pytest.approx(attained(ratings, laid, mean, share), abs=1e-3)
    assert attained(ratings, laid, mean, share) == pytest.approx(least_error, abs=1e-3)


def attained(ratings: np.ndarray, laid: Layout, mean: np.ndarray, share: np.ndarray) -> float:
    """Total error of (3, 3, 5) ratings."""
    raters = np.where(ratings.any(axis=2), ratings.sum(axis=2), np.nan)
    figure, fives = (
        official(*part)
        for part in (ratings @ np.arange(1, 6) / raters, ratings[..., 4] / laid.asked + 0 * raters)
    )
    return float(error(figure, mean, 0.01) + error(fives, share, 0.001))


@pytest.mark.parametrize("service", SERVICES)
def test_kept_placements_are_those_of_todays_counts(service: str) -> None:
    """Where this fails, counts or people have changed: `python -m sapa.microdata.nearer` searches anew."""
    laid = layout(service)
    found = kept(laid, *regional_figures(service, laid.regions))
    assert found is not None
    assert (placed(service).ratings == found[..., 1:]).all()


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
    assert (again == found).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told["answers"].popitem(), "answers must be whole counts by item and region of s63"),
        (lambda told: put(told, [-1, 0, 0, 0, 0, 2]), "answers must be whole counts by item and region"),
        (lambda told: put(told, [0, 0, 0, 0, 0, 1.5]), "answers must be whole counts by item and region"),
        (lambda told: wrap(told), "answers must be whole counts by item and region"),
        (lambda told: put(told, ["x", 0, 0, 0, 0, 1]), "answers must be whole counts by item and region"),
        (lambda told: put(told, [0, 0, 0, 0]), "must hold mark and answers"),
        (
            lambda told: put(told, [0, 0, 0, 0, 0, 50]),
            "answers must add up to the people asked and the counts",
        ),
        (lambda told: moved(told), "answers must be of all people of a region, of the same users"),
        (lambda told: told.update(answers=[]), "must hold mark and answers"),
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


def wrap(told: dict[str, Any]) -> None:
    """Answers so large that their sums are right again in 64 bits."""
    for counts in next(iter(told["answers"].values()))[:4]:
        counts[:4] = [n + 2**62 for n in counts[:4]]


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
    asked = found.sum(axis=2)[mine[0]]
    a = int(np.argmax(asked))
    b = int(np.flatnonzero((asked < people[mine[0]]) & (np.arange(asked.size) != a))[0])
    cells = found.copy()
    for block in mine:
        answer = int(np.argmax(cells[block, a]))
        cells[block, [a, b], answer] += [-1, 1]
        if block == mine[0] and mine.size > 1:
            keep(laid, mean, share, cells, folder=tmp_path)
            with pytest.raises(ValueError, match="of the same users"):
                kept(laid, mean, share, folder=tmp_path)
    keep(laid, mean, share, cells, folder=tmp_path)
    again = kept(laid, mean, share, folder=tmp_path)
    assert again is not None
    assert as_answered(laid, again).asked[mine[0], b] == asked[b] + 1


def test_regional_rows_say_what_is_proved() -> None:
    rows = regional_nearness().set_index("service")
    assert (rows["gap"] >= 0).all()
    assert rows.loc[["s62", "s63", "s68"], "proved"].all()
    assert (rows["proved"] == (rows["gap"] == 0)).all()
