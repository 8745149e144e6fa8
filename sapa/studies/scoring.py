"""Official scores of simulated surveys, all replicates at once, and the same scored by other rules."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators import Nodes, aggregate, alternatives, compose, interval, ranks
from estimators.alternatives import Rule
from estimators.alternatives_shrinkage import Shrunken
from estimators.intervals import IntervalKind
from estimators.scheme import Scheme
from sapa.scheme_2020 import scheme_2020
from simulate import Population, Purpose, Survey, generator

Statistic = Literal["mean", "satisfaction"]
RuleName = Literal["official", "weighted_channels", "pooled_items", "without_feedback"]
Floats = NDArray[np.float64]
RULES: Final[tuple[RuleName, ...]] = ("official", "weighted_channels", "pooled_items", "without_feedback")
SERVICES: Final = Nodes(scheme_2020(), ("service", "channel", "criterion", "item"), ("service",))
RANK_DRAWS: Final = 1000
RESAMPLES: Final = 199


@dataclass(frozen=True, slots=True)
class Leaves:
    """Where the leaves of the 2020 scheme are in a population over forms and items."""

    form: NDArray[np.intp]
    item: NDArray[np.intp]

    @classmethod
    def of(cls, population: Population) -> "Leaves":
        """Leaves of the official scheme."""
        forms = {name: f for f, name in enumerate(population.labels("form"))}
        items = {name: k for k, name in enumerate(population.items)}
        parts = [leaf.split("/") for leaf in scheme_2020().leaves]
        form = np.array([forms[f"{service}/{channel}"] for service, channel, _, _ in parts])
        return cls(form, np.array([items[item] for *_, item in parts]))

    def existing(self, population: Population) -> frozenset[str]:
        """Names of the leaves that have ratings in the population."""
        mean = population.truth("form").to_numpy()[self.form, self.item]
        return frozenset(np.array(scheme_2020().leaves)[~np.isnan(mean)].tolist())


@dataclass(frozen=True)
class RuleScores:
    """Estimator: scores by a rule from the means of the leaves.

    Attributes
    ----------
    rule
        ``official``: unweighted means of items, criteria, channels. ``weighted_channels``: channels count by
        their respondents. ``pooled_items``: all items of a service alike. ``without_feedback``: official
        without the criterion that complainers decide.
    level
        Of the scheme, for the official rule: ``service``, ``agency``, ``country``.
    """

    rule: RuleName = "official"
    level: str = "service"

    def __call__(self, survey: Survey) -> dict[str, Floats]:
        """Scores of every replicate."""
        leaves = Leaves.of(survey.population)
        rated = survey.ratings > 0
        given = _by_form(survey, rated)[:, leaves.form, leaves.item]
        total = _by_form(survey, np.maximum(survey.ratings, 0))[:, leaves.form, leaves.item]
        mean = np.divide(total, given, out=np.full(given.shape, np.nan), where=given > 0)
        taking = np.ones(survey.ratings.shape[:2]) if survey.responded is None else survey.responded
        people = _by_form(survey, taking[..., None])[..., 0]
        return {"estimate": self.score(mean, people)}

    def truth(self, population: Population) -> xr.DataArray:
        """The rule applied to the population."""
        leaves = Leaves.of(population)
        mean = population.truth("form").to_numpy()[leaves.form, leaves.item]
        people = population.counts.sum("region").to_numpy().astype(float)
        return xr.DataArray(
            self.score(mean[None], people[None])[0], dims="domain", coords={"domain": list(self.labels)}
        )

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of the nodes scored."""
        return scheme_2020().level(self.level).nodes

    def score(self, mean: Floats, people: Floats) -> Floats:
        """(R, nodes) scores from (R, leaves) means and (R, forms) respondents."""
        scheme = scheme_2020()
        if self.rule == "official":
            return aggregate(scheme, mean, level=self.level)
        if self.rule == "without_feedback":
            keep = np.array(["/feedback/" not in leaf for leaf in scheme.leaves])
            return aggregate(scheme, np.where(keep, mean, np.nan), level=self.level)
        if self.rule == "pooled_items":
            return aggregate(_pooled(), mean, level="service")
        channel = aggregate(scheme, mean, level="channel")
        step = scheme.level("service")
        weight = np.where(np.isnan(channel), 0.0, people)
        member = np.zeros((channel.shape[1], len(step.nodes)))
        member[step.child, step.parent] = 1.0
        top, bottom = (weight * np.nan_to_num(channel)) @ member, weight @ member
        score: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
        return score


@dataclass(frozen=True, slots=True)
class Composed:
    """Estimator of one survey's table: official service scores with error, interval and rank set.

    Attributes
    ----------
    expected
        Leaves that belong to the scores even if nobody rates them, see :class:`estimators.Nodes`.
    """

    expected: frozenset[str] = frozenset()

    def __call__(self, table: xr.Dataset) -> dict[str, Floats]:
        """Answers by service, in the order of the scheme."""
        wanted = replace(SERVICES, expected=self.expected)
        told = by_service(table)
        found = compose(told, wanted, strata=("service", "channel"), shares=(), pool=("criterion",))
        mean = found.sel(statistic="mean").sel(node=list(scheme_2020().level("service").nodes))
        covariance = mean["covariance"].sel(other=mean["node"].values).to_numpy()
        rng = generator(table.attrs["seed"], table.attrs["replicate"], Purpose.ESTIMATION)
        df = mean["df"].to_numpy()
        places = ranks(mean["estimate"].to_numpy(), covariance, df=df, draws=RANK_DRAWS, rng=rng)
        out = {name: mean[name].to_numpy() for name in ("estimate", "se", "lower", "upper")}
        return out | {f"rank_{end}": places[end].to_numpy().astype(float) for end in ("lower", "upper")}


@dataclass(frozen=True, slots=True)
class ShrunkenFeedback:
    """Estimator of one survey's table: official scores, feedback shrunken to the mean of its channel.

    With everyone asked nothing is shrunken: its truth is the official one.
    """

    def __call__(self, table: xr.Dataset) -> dict[str, Floats]:
        """Scores by service, in the order of the scheme."""
        rules: dict[str, Rule] = {"official": SERVICES, "shrunken": Shrunken(SERVICES, "feedback")}
        found = alternatives(by_service(table), None, rules, draws=RANK_DRAWS)
        score = found["score"].sel(rule="shrunken", statistic="mean")
        return {"estimate": score.reindex(service=list(scheme_2020().level("service").nodes)).to_numpy()}


def by_service(table: xr.Dataset) -> xr.Dataset:
    """A survey's table with its forms told apart as service and channel."""
    parts = np.char.partition(table["form"].values.astype(str), "/")
    return table.assign(
        service=("respondent", parts[:, 0]), channel=("respondent", parts[:, 2])
    ).assign_coords(item=table["item"].values.astype(str))


@dataclass(frozen=True, slots=True)
class ItemIntervals:
    """Estimator: mean, or share of fives, of one item by form, with one kind of interval."""

    item: str
    kind: IntervalKind
    statistic: Statistic = "mean"

    def __call__(self, survey: Survey) -> dict[str, Floats]:
        """Answers of every replicate; NaN where the kind is undefined."""
        column = survey.population.items.index(self.item)
        rating = survey.ratings[..., column]
        counts = np.stack([_by_form(survey, (rating == s)[..., None])[..., 0] for s in range(1, 6)], axis=-1)
        n = counts.sum(axis=-1)
        share = np.divide(counts, n[..., None], out=np.zeros_like(counts), where=n[..., None] > 0)
        share[n == 0] = 0.2
        score = np.arange(1, 6) if self.statistic == "mean" else np.array([0, 0, 0, 0, 1])
        mean = share @ score
        variance = np.maximum(share @ score**2 - mean**2, 0) / np.maximum(n - 1, 1)
        from_shares = self.kind in ("smoothed_moments", "profile", "gaffke")
        more = {"distribution": share} if from_shares else {"se": np.sqrt(variance)}
        if self.kind == "bootstrap_t":
            more |= _resampled(survey, n, share, score)
        ends = interval(
            None if from_shares else mean,
            kind=self.kind,
            df=np.maximum(n - 1, 1),
            n=np.maximum(n, 2),
            bounds=(1.0, 5.0) if self.statistic == "mean" else (0.0, 1.0),
            unusable="nan",
            **more,
        )
        lower, upper = (np.where(n >= 2, end, np.nan) for end in (ends.lower, ends.upper))
        if self.kind == "wald":  # its interval has no width where all ratings are alike
            alike = (variance == 0) & (n >= 2)
            lower, upper = (np.where(alike, mean, end) for end in (lower, upper))
        return {"estimate": np.where(n > 0, mean, np.nan), "lower": lower, "upper": upper}

    def truth(self, population: Population) -> xr.DataArray:
        """True figure of the item by form."""
        return population.truth("form", statistic=self.statistic).sel(item=self.item, drop=True)


def _resampled(survey: Survey, n: Floats, share: Floats, score: NDArray[np.int64]) -> dict[str, Floats]:
    """Means of resamples of each form's ratings, and their standard errors, (RESAMPLES, R, forms) each."""
    people, fewest = n.astype(np.int64), np.maximum(n - 1, 1)
    mean, spread = np.empty((2, RESAMPLES, *n.shape))
    for r, replicate in enumerate(survey.replicates):  # a stream each, lest chunks change what is drawn
        rng = generator(survey.seed, replicate, Purpose.ESTIMATION)
        drawn = rng.multinomial(people[r], share[r], size=(RESAMPLES, n.shape[1]))
        drawn = drawn / np.maximum(people[r], 1)[:, None]
        mean[:, r] = drawn @ score
        spread[:, r] = np.maximum(drawn @ score**2 - mean[:, r] ** 2, 0) / fewest[r]
    return {"replicates": mean, "replicate_se": np.sqrt(spread)}


def _by_form(survey: Survey, values: NDArray[np.generic]) -> Floats:
    """(R, forms, K) sums of (R, n, K) values over the people of each form, who lie together."""
    code = survey.codes("form")
    if code.ndim != 1:
        raise ValueError(
            "a study of forms needs a plan by form and region, so that people stay in their form"
        )
    forms = len(survey.population.labels("form"))
    used = np.unique(code)
    out = np.zeros((values.shape[0], forms, values.shape[2]))
    out[:, used] = np.add.reduceat(values, np.searchsorted(code, used), axis=1, dtype=np.int32)
    return out


def _pooled() -> Scheme:
    """Scheme in which all items of a service count alike."""
    leaves = scheme_2020().leaves
    return Scheme.from_paths([(leaf,) for leaf in leaves], levels=("item",)).grouped(
        "service", {leaf: leaf.partition("/")[0] for leaf in leaves}, below="item"
    )
