"""The same ratings scored by several rules: how much of a ranking is the rule's doing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.composite import STATISTICS, compose
from estimators.composite_influence import Denominator
from estimators.composite_layout import Nodes
from estimators.concordance import kendall
from estimators.design import Design
from estimators.multiplicity import holm, two_sided
from estimators.ranks import DRAWS, Best, Rng, ranks
from estimators.scheme import Scheme, averaging_matrix
from estimators.sparse import SparseRule

Array = NDArray[np.float64]
SAME = 1e-6  # scores whose difference has less than this part of a score's error are one score


@dataclass(frozen=True, slots=True)
class RespondentWeighted:
    """Rule: the nodes of one level weigh as many as they have respondents, not all alike.

    Parameters
    ----------
    nodes : Nodes
        The rule it departs from.
    part : str
        Level whose nodes are weighted, such as "channel".
    """

    nodes: Nodes
    part: str = "channel"


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Rule: one criterion counts as it is where it is measured well, and as its class mean where not.

    Parameters
    ----------
    nodes : Nodes
        The rule it departs from.
    part, label : str
        The thin part of the path and its value, such as "criterion" and "feedback".
    within : tuple of str
        Parts whose combinations are the classes, such as ("channel",).

    Notes
    -----
    A figure f_j of n_j raters becomes B_j f_j + (1 - B_j) m, B_j = t / (t + s^2 / n_j), with m the mean of
    the class weighted by 1 / (t + s^2 / n_j), t the variance between its members by the moments of
    DerSimonian and Laird (1986), equation 8, and s^2 the mean of n_j v_j over the class's raters: a
    variance of its own is too unstable to trust with two or three raters. The variances of the scores
    take B and the weights as fixed.
    """

    nodes: Nodes
    label: str
    part: str = "criterion"
    within: tuple[str, ...] = ("channel",)


Rule = Nodes | RespondentWeighted | Shrunken


def alternatives(
    ratings: xr.Dataset,
    design: Design | None,
    schemes: Mapping[str, Rule],
    *,
    level: float = 0.95,
    best: Best = "high",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    rule: SparseRule | None = None,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> xr.Dataset:
    """Scores and ranks of the same units by several rules, and which differences survive uncertainty.

    Parameters
    ----------
    ratings : Dataset
        As in `compose`.
    design : Design or None
        None takes the default design of `compose`.
    schemes : mapping of str to rule
        The first is the one the others are compared with; `usual_rules` makes five.
    level : float
        Probability that the rank sets of all units by all rules hold at once, for one statistic.
    best : {"high", "low"}
    denominator, deff, rule
        As in `compose`.
    draws, rng
        As in `ranks`.

    Returns
    -------
    Dataset over ``rule``, the units' level and ``statistic``
        ``score, se, rank, lower, upper`` by each rule; ``difference`` from the first rule, its
        ``difference_se`` (the two scores share their respondents), its ``difference_p_value`` (Holm over the
        units; 1 where the rules cannot differ) and ``rank_change``; ``survives``, whether the unit's rank
        sets by the two rules do not meet. Over ``rule`` and ``statistic``: ``tau`` with the first rule,
        ``tau_lower``, ``tau_upper``. Units without a score by some rule are named in the attribute
        ``left_out``.

    Raises
    ------
    ValueError
        For fewer than two rules, rules of different levels, or a rule that asks for an unknown part.

    Notes
    -----
    Every rule is linear in the nodes of one joint `compose`, so scores by different rules have a joint
    covariance. Weights that depend on the data (respondents of a channel, shrinkage) are taken as fixed.
    """
    unit, depth = _unit(schemes)
    wanted = [_renamed(name, each) for name, each in schemes.items()]
    frame = compose(ratings, wanted, design=design, deff=deff, denominator=denominator, rule=rule)
    labels = _units(next(iter(schemes.values())), depth)
    results = []
    for statistic in STATISTICS:
        at = frame.sel(statistic=statistic)
        maps = np.stack([_weights(name, each, at, labels, depth) for name, each in schemes.items()])
        results.append(_scored(maps, at))
    kept = np.all([np.isfinite(score).all(axis=0) for score, _ in results], axis=0)
    if kept.sum() == 0:
        raise ValueError("no unit has a score by every rule: drop the rule that scores nobody")
    parts = [
        _compared(
            score[:, kept],
            covariance[:, kept][:, :, :, kept],
            level=level,
            best=best,
            draws=draws,
            rng=rng,
        )
        for score, covariance in results
    ]
    joined = {name: np.stack([part[name] for part in parts], axis=-1) for name in parts[0]}
    dims = {3: ("rule", unit, "statistic"), 2: ("rule", "statistic")}
    return xr.Dataset(
        {name: (dims[values.ndim], values) for name, values in joined.items()},
        coords={"rule": list(schemes), unit: np.array(labels)[kept], "statistic": list(STATISTICS)},
        attrs={
            "level": level,
            "compared_with": next(iter(schemes)),
            "left_out": [label for label, keep in zip(labels, kept, strict=True) if not keep],
            "design": frame.attrs["design"],
        },
    )


def usual_rules(
    nodes: Nodes, *, label: str, part: str = "criterion", channel: str = "channel"
) -> dict[str, Rule]:
    """Five rules for the same scores: as given, and four ways not to let few respondents decide.

    Parameters
    ----------
    nodes : Nodes
        The rule as given, with one level.
    label : str
        The thin criterion, such as "feedback".
    part, channel : str
        Parts of the path that hold the criteria and the channels.

    Examples
    --------
    >>> scheme = Scheme.from_paths([("s", "web", "staff", "i1"), ("s", "web", "feedback", "i2")],
    ...                            levels=("service", "channel", "criterion", "item"))
    >>> nodes = Nodes(scheme, ("service", "channel", "criterion", "item"), ("service",))
    >>> list(usual_rules(nodes, label="feedback"))
    ['official', 'respondent_weighted', 'pooled_items', 'without_feedback', 'shrunken_feedback']
    """
    return {
        "official": nodes,
        "respondent_weighted": RespondentWeighted(nodes, channel),
        "pooled_items": pooled_items(nodes),
        f"without_{label}": leaving_out(nodes, part=part, label=label),
        f"shrunken_{label}": Shrunken(nodes, label, part, (channel,)),
    }


def leaving_out(nodes: Nodes, *, part: str, label: str) -> Nodes:
    """Rule without the leaves whose `part` of the path is `label`.

    >>> scheme = Scheme.from_paths([("s", "staff", "i1"), ("s", "feedback", "i2")],
    ...                            levels=("service", "criterion", "item"))
    >>> nodes = Nodes(scheme, ("service", "criterion", "item"), ("service",))
    >>> leaving_out(nodes, part="criterion", label="feedback").scheme.leaves
    ('s/staff/i1',)
    """
    place = _place(nodes, part)
    paths = [leaf.split("/") for leaf in nodes.scheme.leaves]
    left = [path for path in paths if path[place] != label]
    if len(left) in (0, len(paths)):
        raise ValueError(f"label must be among the values of {part!r} and not the only one, got {label!r}")
    return replace(nodes, scheme=Scheme.from_paths(left, levels=nodes.path))


def pooled_items(nodes: Nodes) -> Nodes:
    """Rule by which a unit's score is the mean of all its items, whatever channel or criterion.

    >>> scheme = Scheme.from_paths([("s", "a", "i1"), ("s", "a", "i2"), ("s", "b", "i3")],
    ...                            levels=("service", "criterion", "item"))
    >>> nodes = pooled_items(Nodes(scheme, ("service", "criterion", "item"), ("service",)))
    >>> averaging_matrix(nodes.scheme, [True] * 3, level="service").toarray().round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    level = _only_level(nodes)
    depth = _place(nodes, level) + 1
    top = {leaf: "/".join(leaf.split("/")[:depth]) for leaf in nodes.scheme.leaves}
    bare = Scheme(nodes.scheme.levels[:1])
    return replace(nodes, scheme=bare.grouped(level, top, below=bare.levels[0].name))


def _scored(maps: Array, at: xr.Dataset) -> tuple[Array, Array]:
    """Scores (rule, unit) and their joint covariance (rule, unit, rule, unit), NaN where a node lacks."""
    value = at["estimate"].values
    used = np.isfinite(value)
    flat = maps.reshape(-1, value.size)
    empty = (flat == 0).all(axis=1)
    inside = flat[:, used]
    score = np.where(empty, np.nan, inside @ value[used])
    covariance = inside @ at["covariance"].values[np.ix_(used, used)] @ inside.T
    return score.reshape(maps.shape[:2]), covariance.reshape(maps.shape[:2] * 2)


def _compared(
    score: Array, covariance: Array, *, level: float, best: Best, draws: int, rng: Rng
) -> dict[str, Array]:
    rules, units = score.shape
    each = 1 - (1 - level) / rules
    own = [covariance[r, :, r] for r in range(rules)]
    tables = [
        ranks(score[r], own[r], level=each, best=best, df=inf, draws=draws, rng=rng) for r in range(rules)
    ]
    out = {name: np.stack([t[name].values for t in tables]) for name in ("se", "rank", "lower", "upper")}
    here = np.arange(units)
    variance = np.stack(
        [own[r][here, here] + own[0][here, here] - 2 * covariance[r, here, 0, here] for r in range(rules)]
    )
    taus = [
        kendall(score[0], own[0], score[r], own[r], level=level, draws=draws, rng=rng)
        for r in range(1, rules)
    ]
    difference, se = score - score[0], np.sqrt(variance.clip(0))
    statistic = np.divide(difference, se, out=np.zeros_like(se), where=se > SAME * out["se"])
    apart = (out["lower"] > out["upper"][0]) | (out["upper"] < out["lower"][0])
    return {
        "score": score,
        **out,
        "difference": difference,
        "difference_se": se,
        "difference_p_value": np.stack([holm(two_sided(row)) for row in statistic]),
        "rank_change": out["rank"] - out["rank"][0],
        "survives": apart,
        "tau": np.array([1.0, *(t.tau for t in taus)]),
        "tau_lower": np.array([1.0, *(t.lower for t in taus)]),
        "tau_upper": np.array([1.0, *(t.upper for t in taus)]),
    }


def _weights(name: str, rule: Rule, at: xr.Dataset, labels: list[str], depth: int) -> Array:
    """Weights (unit, node) of a rule in the composed nodes; a unit without nodes has none."""
    names = [str(node) for node in at["node"].values]
    mine = [place for place, node in enumerate(names) if node.startswith(f"{name}|")]
    paths = [names[place].removeprefix(f"{name}|").split("/") for place in mine]
    out = np.zeros((len(labels), len(names)))
    exists = np.isfinite(at["estimate"].values[mine])
    row = [labels.index("/".join(path[:depth])) if "/".join(path[:depth]) in labels else -1 for path in paths]
    unit = np.array(row)
    if isinstance(rule, RespondentWeighted):
        weight = np.where(exists, at["n"].values[mine], 0.0)
        total = np.bincount(unit, weight, len(labels))[unit]
        out[unit, mine] = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    elif isinstance(rule, Shrunken):
        scheme = Scheme.from_paths(paths, levels=rule.nodes.path[: len(paths[0])])
        mean = averaging_matrix(scheme, exists, level=rule.nodes.path[depth - 1])
        order = [labels.index(node) for node in scheme.level(rule.nodes.path[depth - 1]).nodes]
        out[np.ix_(order, mine)] = mean @ _shrinkage(rule, paths, at.isel(node=mine, other=mine), exists)
    else:
        out[unit, mine] = exists
    return out


def _shrinkage(rule: Shrunken, paths: list[list[str]], at: xr.Dataset, exists: NDArray[np.bool_]) -> Array:
    """Matrix (node, node) that replaces the thin figures by their shrunken ones."""
    out = np.eye(len(paths))
    thin = np.array([path[_place(rule.nodes, rule.part)] == rule.label for path in paths]) & exists
    if not any(path[_place(rule.nodes, rule.part)] == rule.label for path in paths):
        raise ValueError(f"label must be among the values of {rule.part!r}, got {rule.label!r}")
    places = [_place(rule.nodes, part) for part in rule.within]
    keys = ["/".join(path[place] for place in places) for path in paths]
    for key in sorted({key for key, is_thin in zip(keys, thin, strict=True) if is_thin}):
        members = np.flatnonzero(thin & (np.array(keys) == key))
        value, raters = at["estimate"].values[members], at["raters"].values[members]
        own = at["covariance"].values[members, members]
        variance = (raters**2 @ own) / raters.sum() / raters
        between = between_variance(value, variance)
        weight = 1 / (between + variance)
        trust = between / (between + variance)
        out[np.ix_(members, members)] = np.diag(trust) + np.outer(1 - trust, weight / weight.sum())
    return out


def between_variance(value: Array, variance: Array) -> float:
    """Variance between true figures by moments: DerSimonian and Laird (1986), equation 8.

    Parameters
    ----------
    value, variance : ndarray (member,)
        Figures and the variances of their errors, above 0.

    Examples
    --------
    >>> between_variance(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    1.5
    """
    if not (variance > 0).all():
        raise ValueError("variance must be above 0: an error that could not be estimated is not zero")
    if len(value) == 1:
        return 0.0
    weight = 1 / variance
    heterogeneity = weight @ (value - weight @ value / weight.sum()) ** 2
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return float(max(0.0, (heterogeneity - (len(value) - 1)) / scale))


def _renamed(name: str, rule: Rule) -> Nodes:
    """Nodes to compose for a rule, named apart from those of the other rules."""
    nodes = rule if isinstance(rule, Nodes) else rule.nodes
    below = _only_level(nodes) if isinstance(rule, Nodes) else rule.part
    _place(nodes, below)
    top = {node: f"{name}|{node}" for node in nodes.scheme.level(below).nodes}
    return replace(nodes, scheme=nodes.scheme.grouped(f"{name}|", top, below=below), levels=(f"{name}|",))


def _unit(schemes: Mapping[str, Rule]) -> tuple[str, int]:
    """Level of the units that all rules score, and how many parts their names have."""
    if len(schemes) < 2:
        raise ValueError(f"schemes must hold at least two rules to compare, got {len(schemes)}")
    nodes = [rule if isinstance(rule, Nodes) else rule.nodes for rule in schemes.values()]
    levels = {_only_level(each) for each in nodes}
    if len(levels) > 1:
        raise ValueError(f"schemes must score the same level, got {sorted(levels)}")
    level = levels.pop()
    return level, _place(nodes[0], level) + 1


def _units(rule: Rule, depth: int) -> list[str]:
    nodes = rule if isinstance(rule, Nodes) else rule.nodes
    return list(dict.fromkeys("/".join(leaf.split("/")[:depth]) for leaf in nodes.scheme.leaves))


def _only_level(nodes: Nodes) -> str:
    if len(nodes.levels) != 1:
        raise ValueError(f"nodes must ask for one level, got {nodes.levels}")
    return nodes.levels[0]


def _place(nodes: Nodes, part: str) -> int:
    if part not in nodes.path:
        raise ValueError(f"{part!r} must be a part of the path {nodes.path}")
    return nodes.path.index(part)
