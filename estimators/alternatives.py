"""The same ratings scored by several rules: how much of a ranking is the rule's doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from estimators.alternatives_scores import Scored, compared
from estimators.alternatives_shrinkage import Shrunken, correction, only_level, place_of, thin_nodes
from estimators.composite import STATISTICS, compose
from estimators.composite_influence import Denominator
from estimators.composite_layout import Nodes
from estimators.design import Design
from estimators.freedom import of_units
from estimators.influence_on_score import leaf_raters
from estimators.options import Best, check_level
from estimators.ranks import DRAWS, Rng
from estimators.scheme import Scheme
from estimators.sparse import SparseRule

Array = NDArray[np.float64]


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


Rule = Nodes | RespondentWeighted | Shrunken


def alternatives(
    ratings: xr.Dataset,
    design: Design | None,
    schemes: Mapping[str, Rule],
    *,
    level: float = 0.95,
    best: Best = "high",
    df: ArrayLike | None = None,
    denominator: Denominator = "asked",
    deff: float = 1.0,
    rule: SparseRule | None = None,
    pool: Sequence[str] = ("criterion",),
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
    df : float or array-like (unit,), optional
        Degrees of freedom of the standard errors by every rule; infinite takes them as known. By default
        each score and each difference has its own, Satterthwaite's.
    denominator, deff, rule, pool
        As in `compose`.
    draws, rng
        As in `ranks`.

    Returns
    -------
    Dataset over ``rule``, the units' level and ``statistic``
        ``score, se, df, rank, lower, upper`` by each rule; ``difference`` from the first rule, its
        ``difference_se`` (the two scores share their respondents) and ``difference_df``, its
        ``difference_p_value`` (Holm over the units; 1 where the rules cannot differ) and ``rank_change``;
        ``survives``, whether the unit's rank
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
    Degrees of freedom of a rule's scores, and of differences, are Satterthwaite's approximation for weighted
    sums of the composed nodes (`estimators.freedom.of_sums`): a difference of two rules is a t statistic in
    approximation only, and the fewer the raters behind it the rougher.
    """
    check_level(level)
    unit, depth = _unit(schemes)
    wanted = [_renamed(name, each) for name, each in schemes.items()]
    frame = compose(
        ratings, wanted, design=design, deff=deff, denominator=denominator, rule=rule, shares=(), pool=pool
    )
    labels = _units(next(iter(schemes.values())), depth)
    raters = {k: leaf_raters(ratings, r.nodes) for k, r in schemes.items() if isinstance(r, Shrunken)}
    results = []
    for statistic in STATISTICS:
        at = frame.sel(statistic=statistic)
        maps = np.stack([_weights(name, each, at, labels, depth) for name, each in schemes.items()])
        for place, (name, each) in enumerate(schemes.items()):
            if isinstance(each, Shrunken):
                maps[place] += correction(each, name, at, raters[name], labels)
        results.append(Scored.of(maps, at))
    kept = np.all([np.isfinite(found.score).all(axis=0) for found in results], axis=0)
    if kept.sum() == 0:
        raise ValueError("no unit has a score by every rule: drop the rule that scores nobody")
    if df is not None:
        given = np.broadcast_to(of_units(df, len(labels)), results[0].score.shape)
        results = [replace(found, df=given, difference_df=given) for found in results]
    parts = [compared(found.only(kept), level=level, best=best, draws=draws, rng=rng) for found in results]
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
    place = place_of(nodes, part)
    paths = [leaf.split("/") for leaf in nodes.scheme.leaves]
    left = [path for path in paths if path[place] != label]
    if len(left) in (0, len(paths)):
        raise ValueError(f"label must be among the values of {part!r} and not the only one, got {label!r}")
    return replace(nodes, scheme=Scheme.from_paths(left, levels=nodes.path))


def pooled_items(nodes: Nodes) -> Nodes:
    """Rule by which a unit's score is the mean of all its items, whatever channel or criterion.

    >>> from estimators.scheme import averaging_matrix
    >>> scheme = Scheme.from_paths([("s", "a", "i1"), ("s", "a", "i2"), ("s", "b", "i3")],
    ...                            levels=("service", "criterion", "item"))
    >>> nodes = pooled_items(Nodes(scheme, ("service", "criterion", "item"), ("service",)))
    >>> averaging_matrix(nodes.scheme, [True] * 3, level="service").toarray().round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    level = only_level(nodes)
    depth = place_of(nodes, level) + 1
    top = {leaf: "/".join(leaf.split("/")[:depth]) for leaf in nodes.scheme.leaves}
    bare = Scheme(nodes.scheme.levels[:1])
    return replace(nodes, scheme=bare.grouped(level, top, below=bare.levels[0].name))


def _weights(name: str, rule: Rule, at: xr.Dataset, labels: list[str], depth: int) -> Array:
    """Weights (unit, node) of a rule in the composed nodes; a unit without nodes has none."""
    names = [str(node) for node in at["node"].values]
    row = {label: place for place, label in enumerate(labels)}
    out = np.zeros((len(labels), len(names)))
    exists = np.isfinite(at["estimate"].values)
    for place, node in enumerate(names):
        own, _, path = node.partition("|")
        unit = "/".join(path.split("/")[:depth])
        if own == name and unit in row and exists[place]:
            weighted = isinstance(rule, RespondentWeighted)
            out[row[unit], place] = at["n"].values[place] if weighted else path == unit
    total = out.sum(axis=1, keepdims=True)
    np.divide(out, total, out=out, where=total > 0)
    return out


def _renamed(name: str, rule: Rule) -> Nodes:
    """Nodes to compose for a rule, named apart from those of the other rules."""
    nodes = rule if isinstance(rule, Nodes) else rule.nodes
    below = rule.part if isinstance(rule, RespondentWeighted) else only_level(nodes)
    place_of(nodes, below)
    thin = () if not isinstance(rule, Shrunken) else thin_nodes(rule)
    scheme = nodes.scheme.grouped(
        f"{name}|", {node: f"{name}|{node}" for node in nodes.scheme.level(below).nodes}, below=below
    )
    if not isinstance(rule, Shrunken):
        return replace(nodes, scheme=scheme, levels=(f"{name}|",))
    scheme = scheme.grouped(f"{name}||", {node: f"{name}|{node}" for node in thin}, below=rule.part)
    return replace(nodes, scheme=scheme, levels=(f"{name}|", f"{name}||"))


def _unit(schemes: Mapping[str, Rule]) -> tuple[str, int]:
    """Level of the units that all rules score, and how many parts their names have."""
    if len(schemes) < 2:
        raise ValueError(f"schemes must hold at least two rules to compare, got {len(schemes)}")
    if barred := [name for name in schemes if "|" in name]:
        raise ValueError(f"names of schemes must not contain '|', got {barred[0]!r}: rename it")
    nodes = [rule if isinstance(rule, Nodes) else rule.nodes for rule in schemes.values()]
    levels = {only_level(each) for each in nodes}
    if len(levels) > 1:
        raise ValueError(f"schemes must score the same level, got {sorted(levels)}")
    level = levels.pop()
    return level, place_of(nodes[0], level) + 1


def _units(rule: Rule, depth: int) -> list[str]:
    nodes = rule if isinstance(rule, Nodes) else rule.nodes
    return list(dict.fromkeys("/".join(leaf.split("/")[:depth]) for leaf in nodes.scheme.leaves))
