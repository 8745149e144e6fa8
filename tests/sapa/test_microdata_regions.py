import numpy as np
import pytest

from sapa.microdata.exchange import FIVES, POINTS, Board, Exchange, exchange
from sapa.microdata.forms import form_group
from sapa.microdata.layout import layout
from sapa.microdata.placement import placement_2020, regional_tables
from sapa.microdata.regions import place_ratings, regional_figures, regional_groups
from sapa.microdata.targets import target


def board(kind: Exchange, seed: int) -> Board:
    rng = np.random.default_rng(seed)
    ratings = rng.multinomial(12, [0.1, 0.1, 0.2, 0.2, 0.4], size=(6, 5)).astype(np.int64)
    step = np.repeat(rng.uniform(0.001, 0.01, 6)[:, None], 5, axis=1)
    value = np.array([0, 0, 0, 0, 1]) if kind is FIVES else np.arange(1, 6)
    figure = np.einsum("br,brv,v->r", step, ratings, value)
    wanted = figure + rng.normal(0, 0.02, 5)
    wanted += figure.mean() - wanted.mean()  # what exchanges move from one region reaches another
    return Board(ratings, kind, step, np.arange(6), figure, wanted - 0.001, wanted + 0.001)


@pytest.mark.parametrize("kind", [FIVES, POINTS], ids=["fives", "points"])
@pytest.mark.parametrize("seed", range(5))
def test_exchanges_keep_totals_and_come_nearer(kind: Exchange, seed: int) -> None:
    b = board(kind, seed)
    before, over_regions, raters = b.ratings.copy(), b.ratings.sum(axis=1), b.ratings.sum(axis=2)
    missed = len(b.missed())
    exchange(b, at_once=3)
    assert (b.ratings >= 0).all()
    assert (b.ratings.sum(axis=1) == over_regions).all()
    assert (b.ratings.sum(axis=2) == raters).all()
    assert len(b.missed()) < missed
    value = np.array([0, 0, 0, 0, 1]) if kind is FIVES else np.arange(1, 6)
    assert b.figure == pytest.approx(np.einsum("br,brv,v->r", b.step, b.ratings, value))
    if kind is POINTS:
        assert (b.ratings[..., 4] == before[..., 4]).all()


@pytest.mark.parametrize("service", ["s49", "s61", "s70"])
def test_layout_keeps_people_raters_and_weights(service: str) -> None:
    laid = layout(service)
    places = placement_2020().loc[service]
    assert laid.people.sum(axis=1).tolist() == places[places > 0].tolist()
    assert (laid.raters <= laid.asked).all()
    assert (laid.raters.sum(axis=1) == laid.counts.sum(axis=1)).all()
    assert laid.weight.sum(axis=0) == pytest.approx(np.ones(len(laid.regions)))


def test_placed_ratings_keep_counts_and_come_near_the_print() -> None:
    laid = layout("s68")
    mean, share = regional_figures("s68", laid.regions)
    ratings = place_ratings(laid, mean, share)
    assert (ratings.sum(axis=1) == laid.counts).all()
    assert (ratings.sum(axis=2) == laid.raters).all()
    figure = (laid.weight * (ratings @ np.arange(1, 6)) / np.maximum(laid.raters, 1)).sum(axis=0)
    assert np.mean(np.abs(figure - mean) <= 0.005) > 0.8


@pytest.mark.parametrize("service", sorted(regional_tables()))
def test_regional_groups_add_up_to_the_service(service: str) -> None:
    groups = regional_groups(service)
    for form in target(service).forms:
        mine = [group for (_, channel), group in groups.items() if channel == form.channel]
        whole = form_group(service, form.channel)
        assert sum(group.size for group in mine) == whole.size
        assert (sum(group.counts for group in mine) == whole.counts).all()
        assert (sum(group.asked for group in mine) == whole.asked).all()
