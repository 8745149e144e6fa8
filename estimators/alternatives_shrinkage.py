"""One thin criterion shrunken to its class mean: the rule, and the weights it makes."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.composite_layout import Nodes
from estimators.scheme import averaging_matrix

Array = NDArray[np.float64]


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


def correction(rule: Shrunken, name: str, at: xr.Dataset, raters: Array, labels: list[str]) -> Array:
    """Weights (unit, node) that turn the scores as given into those with shrunken thin figures.

    Parameters
    ----------
    rule
    name : str
        Prefix of the rule's nodes among those composed.
    at : Dataset
        Composed nodes, for one statistic.
    raters : ndarray (leaf,)
        Raters of the leaves of the rule's scheme.
    labels : list of str
        Names of the units.
    """
    names = {str(node): place for place, node in enumerate(at["node"].values)}
    scheme = rule.nodes.scheme
    thin = [node for node in thin_nodes(rule) if np.isfinite(at["estimate"].values[names[f"{name}|{node}"]])]
    column = {node: place for place, node in enumerate(thin)}
    prefix = ["/".join(leaf.split("/")[: place_of(rule.nodes, rule.part) + 1]) for leaf in scheme.leaves]
    member = np.zeros((len(scheme.leaves), len(thin)))
    for leaf, node in enumerate(prefix):
        if node in column:
            member[leaf, column[node]] = 1.0
    level = only_level(rule.nodes)
    weight = averaging_matrix(scheme, raters > 0, level=level) @ member  # of each thin node in each unit
    places = np.array([names[f"{name}|{node}"] for node in thin], dtype=np.intp)
    change = weight @ (_shrinkage(rule, thin, at.isel(node=places, other=places)) - np.eye(len(thin)))
    out = np.zeros((len(labels), len(names)))
    for row, node in enumerate(scheme.level(level).nodes):
        if node in labels:
            out[labels.index(node), places] = change[row]
    return out


def _shrinkage(rule: Shrunken, thin: list[str], at: xr.Dataset) -> Array:
    """Matrix (thin, thin) that takes the thin figures to the shrunken ones."""
    out = np.eye(len(thin))
    places = [place_of(rule.nodes, part) for part in rule.within]
    keys = np.array(["/".join(node.split("/")[place] for place in places) for node in thin], dtype=object)
    for key in sorted(set(keys.tolist())):
        members = np.flatnonzero(keys == key)
        value, raters = at["estimate"].values[members], at["raters"].values[members]
        own = at["covariance"].values[members, members]
        variance = (raters**2 @ own) / raters.sum() / raters
        between = between_variance(value, variance)
        weight, trust = 1 / (between + variance), between / (between + variance)
        out[np.ix_(members, members)] = np.diag(trust) + np.outer(1 - trust, weight / weight.sum())
    return out


def thin_nodes(rule: Shrunken) -> tuple[str, ...]:
    """Nodes of the thin criterion.

    >>> from estimators.scheme import Scheme
    >>> scheme = Scheme.from_paths([("s", "web", "staff", "i1"), ("s", "web", "feedback", "i2")],
    ...                            levels=("service", "channel", "criterion", "item"))
    >>> nodes = Nodes(scheme, ("service", "channel", "criterion", "item"), ("service",))
    >>> thin_nodes(Shrunken(nodes, "feedback"))
    ('s/web/feedback',)
    """
    place = place_of(rule.nodes, rule.part)
    nodes = rule.nodes.scheme.level(rule.part).nodes
    thin = tuple(node for node in nodes if node.split("/")[place] == rule.label)
    if not thin:
        raise ValueError(f"label must be among the values of {rule.part!r}, got {rule.label!r}")
    return thin


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


def only_level(nodes: Nodes) -> str:
    """Level that the nodes ask for, which must be one."""
    if len(nodes.levels) != 1:
        raise ValueError(f"nodes must ask for one level, got {nodes.levels}")
    return nodes.levels[0]


def place_of(nodes: Nodes, part: str) -> int:
    """Position of a part in the leaves' paths."""
    if part not in nodes.path:
        raise ValueError(f"{part!r} must be a part of the path {nodes.path}")
    return nodes.path.index(part)
