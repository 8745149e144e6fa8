"""The rules of the ledger against brute force, its overlay and its findings."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.ledger import feedback_in_zones, ledger, left_out, rules, surprises
from sapa.ledger.feedback import by_criteria
from sapa.ledger.figures import Figure, book, figure, figures
from sapa.ledger.overlay import corrected

texts = st.integers(100, 500).flatmap(
    lambda n: st.sampled_from([f"{n / 100:.2f}", f"{n / 100:.1f}", str(n // 100)])
)
counts = st.integers(1, 400)


def printed(text: str, *, exact: bool = False) -> Figure:
    return figure("t", (text,), "q", text, exact=exact)


def corners(items: list[Figure]) -> list[tuple[Fraction, ...]]:
    """Every way of standing half a unit above or below the printed figures."""
    return list(product(*[(item.value - item.half, item.value + item.half) for item in items]))


@given(st.lists(texts, min_size=1, max_size=5))
def test_slack_of_a_mean_is_the_worst_rounding_of_its_inputs(said: list[str]) -> None:
    items = [printed(text) for text in said]
    derivation = rules.mean("mean", items)
    worst = max(abs(sum(corner) / len(corner) - derivation.value) for corner in corners(items))
    assert derivation.slack == worst


@given(st.lists(st.tuples(texts, counts), min_size=1, max_size=4))
def test_slack_of_a_weighted_mean_is_the_worst_rounding_of_its_inputs(said: list[tuple[str, int]]) -> None:
    items = [printed(text) for text, _ in said]
    sizes = [printed(str(n), exact=True) for _, n in said]
    derivation = rules.weighted("weighted", items, sizes)
    total = sum(n for _, n in said)
    values = [sum(n * v for v, (_, n) in zip(c, said, strict=True)) / total for c in corners(items)]
    assert derivation.slack == max(abs(value - derivation.value) for value in values)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 4))
def test_a_figure_rounded_from_unrounded_inputs_is_always_reproduced(
    hidden: list[int], decimals: int
) -> None:
    truth = Fraction(sum(hidden), 10**6 * len(hidden))
    inputs = [printed(f"{h / 10**6:.2f}") for h in hidden]
    target = printed(f"{float(truth):.{decimals}f}")
    assert rules.mean("mean", inputs).holds(target)


@given(st.integers(0, 1000), counts)
def test_a_share_is_refused_only_where_no_count_prints_as_it(tenths: int, people: int) -> None:
    target = printed(f"{tenths / 10:.1f}")
    attained = any(abs(Fraction(100 * k, people) - target.value) <= target.half for k in range(people + 1))
    derivation = rules.whole_number(target, printed(str(people), exact=True))
    assert (derivation is None) == attained
    if derivation is not None:
        nearest = min(abs(Fraction(100 * k, people) - target.value) for k in range(people + 1))
        assert abs(derivation.value - target.value) == nearest
        assert not derivation.holds(target)
        assert not derivation.binding
        most = next((n for n in range(people - 1, 0, -1) if attains(target, n)), 0)
        assert derivation.note.endswith(f"at most {most} can have answered")


def attains(target: Figure, people: int) -> bool:
    """Whether the number of people nearest to a printed share, or a neighbour, prints as it."""
    near = round(float(target.value) * people / 100)
    return any(
        abs(100 * k - target.value * people) <= target.half * people for k in (near - 1, near, near + 1)
    )


@given(st.lists(texts, min_size=1, max_size=8))
def test_positions_allow_exactly_the_orders_by_figure(said: list[str]) -> None:
    items = [printed(text) for text in said]
    for own in items:
        derivation = rules.position("order", own, items)
        above = sum(item.value > own.value for item in items)
        below = sum(item.value < own.value for item in items)
        allowed = {k for k in range(1, len(items) + 1) if derivation.holds(printed(str(k), exact=True))}
        assert allowed == set(range(above + 1, len(items) - below + 1))


def test_a_copy_is_rounded_once() -> None:
    source = printed("4.76")
    assert rules.copy("again", printed("4.76"), source).holds(printed("4.76"))
    assert not rules.copy("again", printed("4.77"), source).holds(printed("4.77"))
    assert rules.copy("again", printed("4.8"), source).holds(printed("4.8"))
    assert not rules.copy("again", printed("4.7"), source).holds(printed("4.7"))


def test_halves_are_allowed_on_both_sides_and_no_further() -> None:
    inputs = [printed(text, exact=True) for text in ("4.81", "4.62")]
    derivation = rules.mean("mean", inputs)
    assert derivation.value == Fraction("4.715")
    assert [derivation.holds(printed(text)) for text in ("4.70", "4.71", "4.72", "4.73")] == [
        False,
        True,
        True,
        False,
    ]


def test_an_unknown_input_leaves_nothing_to_compare() -> None:
    unknown = replace(printed("5.00"), known=False)
    derivation = rules.mean("mean", [printed("4.00"), unknown])
    assert derivation.value is None
    assert not derivation.holds(printed("4.50"))
    assert rules.copy("again", printed("5.00"), unknown).value is None
    assert rules.mean("mean", []).value is None


def test_overlay_changes_the_listed_cells_and_no_other() -> None:
    before = {item.key: item for item in figures(book())}
    after = {item.key: item for item in figures(corrected())}
    changed = {key for key in after if after[key] != before.get(key)}
    assert set(before) <= set(after)
    assert all(after[key].correction for key in changed)
    assert {key for key in changed if key not in before} == {
        ("criteria", (service, channel, "feedback"), statistic)
        for service, channel in (("s54", "office"), ("s54", "online"), ("s58", "office"), ("s59", "office"))
        for statistic in ("mean_score", "satisfaction_pct")
    } | {("criteria_totals", ("s59", "online"), s) for s in ("mean_score", "satisfaction_pct")}
    assert all(
        item.known == ("no figure" not in item.correction) for item in after.values() if item.correction
    )
    assert after["criteria", ("s10", "online", "feedback"), "mean_score"].text == "0.00"


def test_a_merged_cell_must_repeat_one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [printed("4.00"), replace(printed("4.00"), value=Fraction(3))]
    monkeypatch.setattr("sapa.ledger.figures._cells", lambda: iter(cells))
    with pytest.raises(ValueError, match=r"t\.csv must repeat one figure in q of 4\.00"):
        book.__wrapped__()


def test_changes_left_blank_are_found() -> None:
    blank = left_out()
    assert blank[["row", "statistic"]].values.tolist() == [
        ["MEGNR", "avg_4yr_mean"],
        ["MEGNR", "avg_4yr_satisfaction_pct"],
        ["MIID", "change_2019_2020_satisfaction_pp"],
    ]
    assert blank["computed"].tolist() == pytest.approx([4.745, 79.5, -16.0])


def test_state_bodies_leave_feedback_out_and_the_others_keep_it() -> None:
    zones = feedback_in_zones()
    assert zones["services"].to_dict() == {"state_body": 59, "corporation": 41, "portal": 56}
    ratio = zones["with_feedback"] / zones["without_feedback"]
    assert ratio["state_body"] > 4
    assert ratio["corporation"] < 0.5
    assert ratio["portal"] < 0.8
    with pytest.raises(ValueError, match="criteria of the zone 'portal', got 's70'"):
        by_criteria("s70", "portal", feedback=True)


def test_surprises_are_computed_and_ordered() -> None:
    frame = ledger()
    said = surprises(frame, most=100)
    assert surprises(frame) == said[:5]
    assert [sentence.split(":")[0] for sentence in said[:5]] == [
        "Table 7, Central state bodies",
        "Table 7, Local executive bodies",
        "Table 10, MIID (Ministry of Industry and Infrastructural Development)",
        "Section 1.2, sex",
        "Provider tables and Table 9",
    ]
    changed = frame.copy()
    row = changed.index[(changed["table"] == "Table 9") & (changed["row"] == "MNE")][1]
    changed.loc[row, ["printed", "computed", "difference", "allowed", "status", "rule"]] = [
        "9.99",
        4.0,
        5.99,
        0.01,
        "contradicted",
        "a rule",
    ]
    assert surprises(changed, most=1) == [
        "Table 9, MNE (Ministry of National Economy): prints mean 9.99, but a rule gives 4."
    ]
    with pytest.raises(ValueError, match="most must be at least 1, got 0"):
        surprises(frame, most=0)
