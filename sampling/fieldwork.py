"""What the field needs to know: contacts to issue, questionnaires to re-check, qualitative quotas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from sampling.apportionment import round_total
from sampling.arguments import IntArray, Seed, Values, labelled, numbers, proportion, unique_ids, whole

BACKCHECK_SHARE = 0.15


def issue(
    completes: Values, contact: Values, response: Values, *, assurance: float | None = None
) -> IntArray:
    """The contacts to issue so that the wanted number of interviews is completed.

    ``ceil(completes / (contact * response))``; with an assurance, the smallest number for which a
    binomial count of completed interviews reaches the wanted one with that probability.

    Parameters
    ----------
    completes : array
        Interviews wanted, whole numbers; the last axis may be the mode.
    contact, response : number or array that spreads over completes
        Share of issued contacts reached, and of the reached that complete, above 0 and at most 1.
    assurance : float, optional
        Probability, 0..1, cell by cell.

    Returns
    -------
    array of int64
        Contacts, with the shape and labels of completes.

    Raises
    ------
    ValueError
        If completes are not whole or a rate is out of range.

    Examples
    --------
    >>> issue([10, 0], 0.5, 0.4).tolist()
    [50, 0]
    >>> issue([10, 0], 0.5, 0.4, assurance=0.9).tolist()
    [69, 0]
    """
    wanted = numbers("completes", completes)
    if (wanted != np.rint(wanted)).any():
        raise ValueError("completes must be whole numbers, got fractions; round the plan first (round_table)")
    rate = np.ones_like(wanted)
    for name, values in (("contact", contact), ("response", response)):
        share = numbers(name, values)
        if (share <= 0).any() or (share > 1).any():
            raise ValueError(f"{name} must lie above 0 and at most 1, got {share.min():g}..{share.max():g}")
        rate = rate * share
    issued = np.ceil(wanted / rate * (1 - 1e-12))
    if assurance is not None:
        issued = _assured(wanted, rate, issued, proportion("assurance", assurance))
    return labelled(issued.astype(np.int64), completes)


def _assured(wanted: Any, rate: Any, low: Any, assurance: float) -> Any:
    """The smallest binomial number of trials that gives the wanted successes with a probability."""
    low = low - 1.0
    high = 2 * low + 8
    while (binom.sf(wanted - 1, high, rate) < assurance).any():
        high = 2 * high
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = binom.sf(wanted - 1, np.maximum(middle, 0), rate) >= assurance
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.where(wanted > 0, high, 0.0)


def backcheck(
    interviewer: Sequence[Any] | Values, *, share: float = BACKCHECK_SHARE, rng: Seed = None
) -> IntArray:
    """The questionnaires to re-check: at random, at least the share of every interviewer's.

    Parameters
    ----------
    interviewer : array (questionnaires,)
        Who made each interview.
    share : float
        Smallest share of every interviewer's questionnaires, 0..1.
    rng : Generator, int or None
        The same seed gives the same questionnaires.

    Returns
    -------
    array of int64
        Sorted positions; ``ceil(share * count)`` of each interviewer, every subset equally likely.

    Examples
    --------
    >>> who = ["a"] * 20 + ["b"] * 3
    >>> chosen = backcheck(who, rng=1)
    >>> [int((chosen < 20).sum()), int((chosen >= 20).sum())]
    [3, 1]
    """
    proportion("share", share, ends=True)
    labels = np.asarray(interviewer)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(
            f"interviewer must be one label per questionnaire, got shape {labels.shape}; flatten it"
        )
    blank = [who is None or str(who).strip() in ("", "nan") for who in labels.tolist()]
    if any(blank):
        raise ValueError(
            f"interviewer must be known for every questionnaire, got none at {blank.index(True)}; fill it in"
        )
    names = labels.astype(str) if labels.dtype == object else labels
    _, codes, counts = np.unique(names, return_inverse=True, return_counts=True)
    order = np.lexsort((np.random.default_rng(rng).random(labels.size), codes))
    position = np.arange(labels.size) - np.repeat(np.cumsum(counts) - counts, counts)
    quota = backcheck_quota(counts, share=share)
    return np.sort(order[position < quota[codes[order]]]).astype(np.int64)


def backcheck_quota(counts: Values, *, share: float = BACKCHECK_SHARE) -> IntArray:
    """How many questionnaires to re-check for interviewers with given numbers of them.

    Examples
    --------
    >>> backcheck_quota([20, 3, 0, 100]).tolist()
    [3, 1, 0, 15]
    """
    quota = np.ceil(proportion("share", share, ends=True) * numbers("counts", counts) - 1e-9)
    return labelled(quota.astype(np.int64), counts)


def workloads(n: int, most: int) -> IntArray:
    """The questionnaires of each interviewer when n are dealt out evenly with at most `most` each.

    Examples
    --------
    >>> workloads(250, 100).tolist()
    [84, 83, 83]
    """
    count = -(-whole("n", n) // whole("most", most, minimum=1))
    return np.asarray((n + np.arange(count)[::-1]) // max(count, 1), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Qualitative:
    """Quotas of the qualitative part.

    Parameters
    ----------
    experts, interviews : array of int (S,)
        Expert interviews and in-depth interviews with recipients, by service.
    visits, groups : array of int (R,)
        Mystery-shopper visits and focus groups, by region.
    group_size : tuple of int
        Fewest and most people in a focus group.
    """

    experts: IntArray
    interviews: IntArray
    visits: IntArray
    groups: IntArray
    group_size: tuple[int, int]


def qualitative(
    services: Sequence[str],
    surveyed: Sequence[bool],
    population: Mapping[str, float],
    *,
    experts: int = 30,
    visits: int = 20,
    groups: int = 5,
    group_size: tuple[int, int] = (8, 10),
    experts_each: int = 2,
    interviews_each: int = 3,
) -> Qualitative:
    """The floors of the qualitative part, dealt out to services and regions.

    Services without a mass survey come first: each gets `experts_each` expert interviews and
    `interviews_each` in-depth interviews; what is left of the experts goes one by one to the services in
    order. Every region gets a mystery visit while there are enough, the rest by population (Hill's
    method); focus groups go to regions by population (Webster).

    Parameters
    ----------
    services : sequence of str (S,)
    surveyed : sequence of bool (S,)
        False for services covered by qualitative methods only.
    population : mapping of region to number
    experts, visits, groups : int
        Floors for the whole study; raised where the services without a survey need more.
    group_size : (int, int)
    experts_each, interviews_each : int
        For every service without a mass survey.

    Returns
    -------
    Qualitative

    Examples
    --------
    >>> quota = qualitative(["a", "b", "c"], [True, False, True], {"N": 3.0, "S": 1.0}, experts=5, visits=4)
    >>> quota.experts.tolist(), quota.interviews.tolist(), quota.visits.tolist(), quota.groups.tolist()
    ([2, 2, 1], [0, 3, 0], [3, 1], [4, 1])
    """
    ids = unique_ids("services", services)
    mass = np.asarray(surveyed, dtype=bool)
    if mass.shape != (len(ids),):
        raise ValueError(f"surveyed must have one value for each of {len(ids)} services, got {mass.shape}")
    smallest, largest = group_size
    if not 1 <= smallest <= largest:
        raise ValueError(f"group_size must be a range from 1 up, got {group_size}; write (fewest, most)")
    floors = np.where(mass, 0, whole("experts_each", experts_each)).astype(np.int64)
    rest = max(whole("experts", experts) - int(floors.sum()), 0)
    takers = np.flatnonzero(mass) if mass.any() else np.arange(mass.size)
    extra = np.bincount(takers[np.arange(rest) % takers.size], minlength=mass.size)
    people = numbers("population", list(population.values()))
    number = whole("visits", visits)
    each = round_total(people, number, method="hill" if number >= (people > 0).sum() else "webster")
    return Qualitative(
        floors + extra,
        np.where(mass, 0, whole("interviews_each", interviews_each)).astype(np.int64),
        each,
        round_total(people, whole("groups", groups), method="webster"),
        (smallest, largest),
    )
