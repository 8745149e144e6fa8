"""Coverage of the intervals of composites: many services of one law are as many surveys of one service."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, norm

from estimators import Nodes, Scheme, aggregate, compose

FALSE_ALARM = 1e-6
PATH = ("service", "channel", "criterion", "item")
NAMES = ("staff", "access", "information", "procedure", "terms", "costs", "feedback", "result")
CRITERIA = dict(zip(NAMES, (3, 4, 4, 4, 2, 4, 2, 2), strict=True))
ITEMS = [(criterion, f"{criterion}{k}") for criterion, count in CRITERIA.items() for k in range(count)]
LAWS = {
    "ceiling": (0.01, 0.01, 0.03, 0.10, 0.85),
    "usual": (0.02, 0.03, 0.05, 0.15, 0.75),
    "low": (0.10, 0.08, 0.12, 0.25, 0.45),
    "two-point": (0.10, 0.0, 0.0, 0.0, 0.90),
}
FEEDBACK = (0.35, 0.10, 0.10, 0.10, 0.35)
CHANNELS = ("office", "online")
COMPLAIN, SILENT, RHO = 0.02, 0.04, 0.5


def ratings(rng, law, people):
    """Answers of people who use one latent scale, with 2% asked about feedback."""
    latent = np.sqrt(RHO) * rng.normal(size=(people, 1))
    place = norm.cdf(latent + np.sqrt(1 - RHO) * rng.normal(size=(people, len(ITEMS))))
    feedback = np.array([criterion == "feedback" for criterion, _ in ITEMS])
    codes = np.where(
        feedback,
        np.searchsorted(np.cumsum(FEEDBACK)[:-1], place),
        np.searchsorted(np.cumsum(law)[:-1], place),
    )
    codes = codes + 1
    codes[rng.random(codes.shape) < SILENT] = -2
    codes[np.ix_(rng.random(people) >= COMPLAIN, feedback)] = -1
    return codes.astype(np.int8)


def coverage(law, sizes, surveys, *, complete=False, expected=False, seed=1):
    """Share of surveys whose interval holds the score of the rated leaves, or of all, by statistic."""
    rng = np.random.default_rng(seed)
    names = [f"s{k}" for k in range(surveys)]
    channels = CHANNELS[: len(sizes)]
    scheme = Scheme.from_paths(
        [(name, channel, *item) for name in names for channel in channels for item in ITEMS], levels=PATH
    )
    codes = [ratings(rng, law, n * surveys) for n in sizes]
    data = xr.Dataset(
        {
            "ratings": (("respondent", "item"), np.concatenate(codes)),
            "service": ("respondent", np.concatenate([np.repeat(names, n) for n in sizes])),
            "channel": ("respondent", np.repeat(channels, [n * surveys for n in sizes])),
        },
        coords={"item": [item for _, item in ITEMS]},
    )
    nodes = Nodes(scheme, PATH, ("service",), expected=scheme.leaves if expected else ())
    found = compose(data, nodes, strata=("service", "channel"), shares=())
    told = np.stack(
        [(c > 0).reshape(surveys, n, -1).any(axis=1) for c, n in zip(codes, sizes, strict=True)], axis=1
    )
    laws = np.array([FEEDBACK if criterion == "feedback" else law for criterion, _ in ITEMS])
    truths = {"mean": laws @ np.arange(1, 6), "satisfaction": (1 - SILENT) * laws[:, 4]}
    hits = {}
    for statistic, truth in truths.items():
        score = aggregate(scheme, np.where(told | complete, truth, np.nan).ravel(), level="service")
        kept = found.sel(statistic=statistic)
        hits[statistic] = float(((kept.lower.values <= score) & (score <= kept.upper.values)).mean())
    return hits


@pytest.mark.parametrize("sizes", [(5,), (70, 1)])
def test_intervals_cover_where_they_are_thinnest(sizes):
    surveys = 400
    least = binom.ppf(FALSE_ALARM, surveys, 0.93) / surveys
    for share in coverage(LAWS["usual"], sizes, surveys).values():
        assert share >= least


def test_intervals_hold_the_complete_score_when_its_leaves_are_expected():
    """Feedback is low and often unrated: the score of the rated leaves lies too high."""
    surveys = 400
    least = binom.ppf(FALSE_ALARM, surveys, 0.95) / surveys
    published = coverage(LAWS["ceiling"], (30,), surveys, complete=True)
    for statistic, share in coverage(LAWS["ceiling"], (30,), surveys, complete=True, expected=True).items():
        assert share >= least
        assert published[statistic] < least


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    "sizes", [(2,), (5,), (10,), (30,), (100,), (3, 1), (8, 2), (20, 5), (70, 1), (200, 20)]
)
def test_intervals_cover_over_laws_and_sizes(law, sizes):
    surveys = 2000
    least = binom.ppf(FALSE_ALARM, surveys, 0.94) / surveys
    for share in coverage(LAWS[law], sizes, surveys).values():
        assert share >= least
