import numpy as np
import pytest
import xarray as xr
from scipy.stats import rankdata

from estimators import Design, Nodes, Scheme
from estimators.influence_on_score import influence_on_score

PATH = ("service", "channel", "criterion", "item")
ITEMS = {
    "office": {"i1": "staff", "i2": "staff", "i3": "terms", "i4": "feedback"},
    "web": {"w1": "staff", "w2": "feedback"},
}
LEAVES = [
    (service, channel, criterion, item)
    for service in "abcd"
    for channel in (("office",) if service == "d" else ("office", "web"))
    for item, criterion in ITEMS[channel].items()
]
NODES = Nodes(Scheme.from_paths(LEAVES, levels=PATH), PATH, ("service",))


def survey(seed: int, n: int = 40) -> xr.Dataset:
    """People of four services; feedback is rated by a few, some items by one or nobody."""
    rng = np.random.default_rng(seed)
    service = rng.choice(list("abcd"), n)
    channel = np.where(service == "d", "office", rng.choice(["office", "web"], n, p=[0.8, 0.2]))
    items = ["i1", "i2", "i3", "i4", "w1", "w2"]
    codes = rng.choice([5, 4, 3, 1, -2, -1], size=(n, 6), p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
    for column, item in enumerate(items):
        own = np.array([item in ITEMS[c] for c in channel])
        codes[~own, column] = 0
        if item in ("i4", "w2"):
            codes[own & (rng.random(n) < 0.85), column] = -1
    return xr.Dataset(
        {
            "ratings": (("respondent", "item"), codes.astype(np.int8)),
            "service": ("respondent", service),
            "channel": ("respondent", channel),
        },
        coords={"item": items},
    )


def scored(
    data: xr.Dataset, weight: np.ndarray, *, statistic: str, asked: bool, skip: str = ""
) -> dict[str, float]:
    """Score of each service with loops and nothing else."""
    codes = data["ratings"].values
    names = list(data["item"].values)

    def mean(values: list[float]) -> float:
        kept = [value for value in values if value == value]
        return sum(kept) / len(kept) if kept else float("nan")

    def item_figure(service: str, channel: str, item: str) -> float:
        here = (data["service"].values == service) & (data["channel"].values == channel)
        pairs = [(c, w) for c, w in zip(codes[here, names.index(item)], weight[here], strict=True)]
        if not any(c > 0 for c, _ in pairs):
            return float("nan")
        if statistic == "mean":
            return sum(c * w for c, w in pairs if c > 0) / sum(w for c, w in pairs if c > 0)
        return sum(w for c, w in pairs if c == 5) / sum(w for c, w in pairs if c > 0 or (asked and c == -2))

    out = {}
    for service in "abcd":
        channels = []
        for channel, listed in ITEMS.items():
            criteria = [c for c in dict.fromkeys(listed.values()) if c != skip]
            figures = [
                mean([item_figure(service, channel, i) for i, c in listed.items() if c == k])
                for k in criteria
            ]
            channels.append(mean(figures))
        out[service] = mean(channels)
    return out


@pytest.mark.parametrize("denominator", ["asked", "rated"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_respondent_left_out_is_the_survey_without_that_person(denominator, weighted, seed):
    data = survey(seed)
    weight = np.random.default_rng(seed).uniform(0.5, 3, 40) if weighted else np.ones(40)
    design = Design(weight=weight) if weighted else None
    found = influence_on_score(data, NODES, design=design, denominator=denominator)
    for statistic in ("mean", "satisfaction"):
        options = {"statistic": statistic, "asked": denominator == "asked"}
        whole = scored(data, weight, **options)
        assert np.allclose(found["score"].sel(statistic=statistic), list(whole.values()), equal_nan=True)
        for i in range(40):
            rest = np.arange(40) != i
            bare = scored(data.isel(respondent=rest), weight[rest], **options)
            own = str(found["node"].values[i])
            got = found.sel(statistic=statistic).isel(respondent=i)
            if own == "":
                assert not (data["ratings"].values[i] > 0).any()
                continue
            assert float(got["without_respondent"]) == pytest.approx(bare[own], nan_ok=True, abs=1e-12)
            if np.isfinite(bare[own]):
                rank = 1 + sum(whole[s] > bare[own] + 1e-12 for s in "abcd" if s != own)
                assert float(got["rank_without_respondent"]) == rank
    alone = [
        (data["ratings"].values[(data["service"] == s) & (data["channel"] == c)] > 0).sum(axis=0) == 1
        for s in "abcd"
        for c in ITEMS
    ]
    assert np.any(alone)  # items that one person's leaving ends are among those tried


@pytest.mark.parametrize("best", ["high", "low"])
def test_every_criterion_left_out_and_the_ranks(best):
    data = survey(3)
    found = influence_on_score(data, NODES, best=best)
    sign = -1 if best == "high" else 1
    for statistic in ("mean", "satisfaction"):
        here = found.sel(statistic=statistic)
        for criterion in ("staff", "terms", "feedback"):
            bare = scored(data, np.ones(40), statistic=statistic, asked=True, skip=criterion)
            got = here["without_criterion"].sel(criterion=criterion)
            assert np.allclose(got, list(bare.values()), equal_nan=True)
            rank = here["rank_without_criterion"].sel(criterion=criterion)
            assert np.array_equal(rank, rankdata(sign * got, method="min"))
        assert np.array_equal(here["rank"], rankdata(sign * here["score"], method="min"))


def test_extremes_are_those_of_the_own_respondents():
    found = influence_on_score(survey(4), NODES).sel(statistic="mean")
    for service in "abcd":
        own = found["node"].values == service
        ranks = found["rank_without_respondent"].values[own]
        rank = float(found["rank"].sel(service=service))
        assert float(found["rank_best"].sel(service=service)) == min(rank, np.nanmin(ranks))
        assert float(found["rank_worst"].sel(service=service)) == max(rank, np.nanmax(ranks))
        changes = found["without_respondent"].values[own] - float(found["score"].sel(service=service))
        assert float(found["largest_change"].sel(service=service)) == pytest.approx(
            np.nanmax(np.abs(changes))
        )


def test_one_person_online_decides_a_service():
    rows = (
        [("a", "office", [3, 3, 3, -1, 0, 0])] * 9
        + [("a", "web", [0, 0, 0, 0, 5, 5])]
        + [("b", "office", [4, 3, 4, -1, 0, 0])] * 5
    )
    data = xr.Dataset(
        {
            "ratings": (("respondent", "item"), np.array([row[2] for row in rows], dtype=np.int8)),
            "service": ("respondent", [row[0] for row in rows]),
            "channel": ("respondent", [row[1] for row in rows]),
        },
        coords={"item": ["i1", "i2", "i3", "i4", "w1", "w2"]},
    )
    found = influence_on_score(data, NODES).sel(statistic="mean")
    assert float(found["score"].sel(service="a")) == 4.0
    assert float(found["without_respondent"][9]) == 3.0
    assert [float(found[name].sel(service="a")) for name in ("rank", "rank_best", "rank_worst")] == [1, 1, 2]
    assert np.isnan(found["score"].sel(service="c"))
    assert np.isnan(found["rank"].sel(service="c"))


def test_what_is_no_question_is_refused():
    data = survey(6)
    both = Nodes(NODES.scheme, PATH, ("service", "channel"))
    with pytest.raises(ValueError, match="must ask for one level"):
        influence_on_score(data, both)
    with pytest.raises(ValueError, match="part must be one of"):
        influence_on_score(data, NODES, part="zone")
    with pytest.raises(ValueError, match=r"must be codes -2..5, got 9"):
        influence_on_score(data.assign(ratings=data["ratings"].where(data["ratings"] != 5, 9)), NODES)
    with pytest.raises(ValueError, match="design must have 40 respondents"):
        influence_on_score(data, NODES, design=Design(weight=np.ones(3)))
    with pytest.raises(ValueError, match="one node of 'criterion' at most"):
        influence_on_score(data, Nodes(NODES.scheme, PATH, ("criterion",)))
