"""Moves of people between regions keep what is given and come nearer."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from sapa.microdata.board import Board
from sapa.microdata.kept import kept
from sapa.microdata.layout import Layout, as_answered, layout
from sapa.microdata.local_search import moved
from sapa.microdata.placement import regional_figures, regional_tables

ANSWER = np.arange(6)


def small(seed: int) -> tuple[Layout, np.ndarray]:
    """Three regions of three people; an item is put to all, two of another criterion to three users."""
    rng = np.random.default_rng(seed)
    people = np.full((3, 1), 3)
    cells = np.zeros((3, 3, 6), dtype=np.int64)
    place = rng.permutation(np.repeat([0, 1, 2], 3))[:3]
    for r in range(3):
        cells[0, r] = rng.multinomial(3, [0, 0.1, 0.1, 0.2, 0.3, 0.3])
    for block, r in product((1, 2), place.tolist()):
        cells[block, r, rng.integers(1, 6)] += 1
    laid = Layout(
        "small",
        ("a", "b", "c"),
        people,
        np.zeros(3, dtype=int),
        np.arange(3),
        np.array([0, 1, 1]),
        cells.sum(axis=2),
        cells[..., 1:].sum(axis=2),
        cells[..., 1:].sum(axis=1),
        np.zeros((3, 3)),
        np.array([-1, 0, 0]),
    )
    return as_answered(laid, cells), cells


def figures(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and shares of fives of regions: items, then the two criteria, those that have raters."""
    means, shares = np.empty(3), np.empty(3)
    for r in range(3):
        rated = [c for c in cells[:, r] if c[1:].any()]
        item = [(c @ ANSWER / c[1:].sum(), c[5] / c.sum()) for c in rated]
        first, second = item[0], item[1:]
        of = [first, tuple(np.mean(second, axis=0))] if second else [first]
        means[r], shares[r] = np.mean(of, axis=0)
    return means, shares


@pytest.mark.parametrize("seed", range(6))
def test_users_find_regions_in_which_all_figures_print(seed: int) -> None:
    laid, cells = small(seed)
    mean, share = figures(cells)
    mean, share = mean.round(6), share.round(6)
    elsewhere = cells.copy()
    for block in (1, 2):
        elsewhere[block] = np.roll(cells[block], 1, axis=0)
    start = Board.of(as_answered(laid, elsewhere), elsewhere[..., 1:], mean, share).errors().sum()
    found = moved(laid, elsewhere, mean, share, restarts=20, rng=np.random.default_rng(seed))
    error = Board.of(as_answered(laid, found), found[..., 1:], mean, share).errors().sum()
    assert error <= start
    assert error == pytest.approx(0, abs=1e-3)
    own = figures(found)
    assert (np.abs(own[0] - mean) <= 0.005 + 1e-9).all()
    assert (np.abs(own[1] - share) <= 0.0005 + 1e-9).all()
    assert (found.sum(axis=1) == cells.sum(axis=1)).all()
    assert (found[0].sum(axis=1) == 3).all()
    assert (found[1].sum(axis=1) == found[2].sum(axis=1)).all()
    assert (found[1].sum(axis=1) <= 3).all()


def test_answers_that_are_not_allowed_are_not_taken() -> None:
    laid, cells = small(0)
    mean, share = (figure + 0.1 for figure in figures(cells))
    found = moved(laid, cells, mean, share, restarts=2, rng=np.random.default_rng(0), allowed=lambda _: False)
    assert (found == cells).all()


def by_channel(seed: int) -> tuple[Layout, np.ndarray, np.ndarray]:
    """Three regions of four people, six of each channel; answers, and others with channels dealt anew."""
    rng = np.random.default_rng(seed)
    channel = np.array([0, 0, 1])
    home = np.repeat([0, 1, 2], 4)
    answers = np.where(rng.random((12, 3)) < 0.1, 0, rng.choice([2, 4, 5, 5], (12, 3)))
    placed = []
    for _ in range(2):
        of = rng.permutation(np.repeat([0, 1], 6))
        cells = np.zeros((3, 3, 6), dtype=np.int64)
        for block in range(3):
            mine = np.flatnonzero(of == channel[block])
            np.add.at(cells[block], (home[mine], answers[:6, block]), 1)
        placed.append(cells)
    cells, elsewhere = placed
    laid = Layout(
        "two channels",
        ("a", "b", "c"),
        elsewhere[[0, 2]].sum(axis=2).T,
        channel,
        np.arange(3),
        np.arange(3),
        elsewhere.sum(axis=2),
        elsewhere[..., 1:].sum(axis=2),
        elsewhere[..., 1:].sum(axis=1),
        np.zeros((3, 3)),
        np.full(3, -1),
    )
    return as_answered(laid, elsewhere), elsewhere, cells


@pytest.mark.parametrize("seed", range(6))
def test_channels_find_regions_in_which_all_figures_print(seed: int) -> None:
    laid, elsewhere, cells = by_channel(seed)
    truth = as_answered(laid, cells)
    rated = np.maximum(truth.raters, 1)
    mean = (truth.weight * (cells @ ANSWER) / rated).sum(axis=0).round(6)
    share = (truth.weight * cells[..., 5] / np.maximum(truth.asked, 1)).sum(axis=0).round(6)
    found = moved(laid, elsewhere, mean, share, restarts=40, rng=np.random.default_rng(seed))
    after = as_answered(laid, found)
    assert Board.of(after, found[..., 1:], mean, share).errors().sum() == pytest.approx(0, abs=1e-3)
    assert (found.sum(axis=1) == cells.sum(axis=1)).all()
    assert after.people.sum(axis=1).tolist() == [4, 4, 4]
    assert after.people.sum(axis=0).tolist() == [6, 6]
    assert (after.asked == after.people.T[laid.channel]).all()


@pytest.mark.parametrize("service", sorted(set(regional_tables()) - {"s62"}))
def test_kept_users_are_people_of_their_regions(service: str) -> None:
    laid = layout(service)
    found = kept(laid, *regional_figures(service, laid.regions))
    assert found is not None
    people, asked = as_answered(laid, found).people, found.sum(axis=2)
    assert (people.sum(axis=1) == laid.people.sum(axis=1)).all()
    assert (people.sum(axis=0) == laid.people.sum(axis=0)).all()
    assert (asked <= people.T[laid.channel]).all()
    assert (asked.sum(axis=1) == laid.asked.sum(axis=1)).all()
    assert (asked[laid.users < 0] == people.T[laid.channel][laid.users < 0]).all()
    for group in np.unique(laid.users[laid.users >= 0]):
        same = asked[laid.users == group]
        assert (same == same[0]).all()


def test_layout_knows_who_share_items() -> None:
    laid = layout("s49")
    assert laid.only(np.flatnonzero(laid.users >= 0)).users.tolist() == laid.users[laid.users >= 0].tolist()
    assert replace(laid).users.tolist() == laid.users.tolist()
    everyone = laid.people.T[laid.channel]
    assert (laid.asked[laid.users < 0] == everyone[laid.users < 0]).all()
    assert (laid.asked[laid.users >= 0] <= everyone[laid.users >= 0]).all()
