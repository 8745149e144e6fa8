"""From a frame to a plan: totals, the table between them, modes, interviewers and checks."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sampling.arguments import IntArray, numbers, whole
from sampling.asked import Precision
from sampling.fieldwork import BACKCHECK_SHARE, backcheck_quota, issue, workloads
from sampling.frame import Frame
from sampling.plan import Plan
from sampling.plan_fewest import fewest
from sampling.plan_margins import margins
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table

NEAREST = "The table with these margins nearest to the frame's cells, rounded with every margin exact."


def allocate(
    frame: Frame,
    n: int | None = None,
    *,
    power: float = 1.0,
    min_service: int = 0,
    min_region: int = 0,
    precision: Sequence[Precision] = (),
    deff: float = 1.0,
    mode_share: Mapping[str, float] | None = None,
    assurance: float | None = None,
    workload: int = 100,
    backcheck_share: float = BACKCHECK_SHARE,
) -> Plan:
    """The plan for a frame: of a given size by the rule, or the cheapest that is precise enough.

    Of a given size: region totals follow the population (the territorial rule ``N * P_r``), service totals
    ``recipients**power``; both respect the minima and are whole. The table nearest to the frame's recipients
    with these margins is fitted and rounded with all margins exact. Where that misses a limit of precision,
    no cell gets less than in the cheapest table that keeps them all. Without a size the plan is that table,
    see `fewest`; where fewer interviews by the rule will do, some cells being left empty, it is the smallest
    such plan. A region without population (respondents abroad) has no minimum: it gets the services given
    only there.

    Parameters
    ----------
    frame : Frame
    n : int, optional
        Interviews; None means the fewest that are precise enough.
    power : float
        Of the recipients in the service totals: 1 proportional, 0 equal.
    min_service, min_region : int
        Fewest interviews of a service (all recipients where there are fewer) and in a region.
    precision : sequence of Precision
        Limits that the plan keeps, all of them.
    deff : float
        Design effect for these.
    mode_share : mapping of mode to share, optional
        Shares of the completed interviews by mode, summing to 1; equal if not given.
    assurance : float, optional
        See `issue`.
    workload : int
        Most questionnaires per interviewer.
    backcheck_share : float
        Of every interviewer's questionnaires.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If the demands contradict each other: with the rows, columns and numbers in conflict.

    Examples
    --------
    >>> frame = Frame(["A", "B"], ["x", "y"], population=[600, 400], recipients=[9000, 1000])
    >>> allocate(frame, 100, min_service=20).n.tolist()
    [[48, 12], [32, 8]]
    >>> allocate(frame, precision=[Precision("service", "half_width", 0.2)]).total
    155
    """
    if n is None and not precision:
        raise ValueError(
            "n must be given where no precision is asked for, got none; say how many or how precise"
        )
    floors = {"min_region": whole("min_region", min_region), "min_service": whole("min_service", min_service)}
    none = np.zeros(frame.table.shape, dtype=np.int64)

    def plan(table: IntArray, *how: str) -> Plan:
        completes = _by_mode(frame, table, mode_share)
        return _fielded(frame, completes, how, assurance, workload, backcheck_share)

    def by_rule(size: int, least: IntArray = none, *more: str) -> Plan:
        table, note = _table(frame, whole("n", size, minimum=1), power, least, **floors)
        rule = (
            f"{size} interviews: regions in proportion to population, services to {frame.recipients_are} "
            f"to the power {power:g}."
        )
        floor = f"At least {min_region} in a region and {min_service} of a service{note}."
        return plan(table, rule, floor, *more, NEAREST)

    def precise(made: Plan) -> bool:
        return all(limit.kept(made, deff=deff) for limit in precision)

    if n is not None and precise(made := by_rule(n)):
        return made
    cheapest = fewest(frame, precision, deff=deff, **floors)
    asked = tuple(f"Kept for {limit} (design effect {deff:g})." for limit in precision)
    least = np.asarray(cheapest.n, dtype=np.int64)
    if n is None:
        smaller = _smallest_by_rule(by_rule, precise, int(least.sum()))
        proof = f"The cheapest table with an interview in every cell: {cheapest}; no unit can be taken away."
        if smaller is None:
            return plan(
                least, *asked, f"At least {min_region} in a region and {min_service} of a service.", proof
            )
        return plan(smaller.n, *smaller.how, *asked, f"Some cells are left empty. {proof}")
    if least.sum() > n:
        raise ValueError(
            f"n must be at least {least.sum()} for the precision asked, with an interview in every cell (no "
            f"such table costs less than {cheapest.bound:.6g}), got {n}; raise n or accept less precision"
        )
    return by_rule(n, least, *asked, "No cell has less than in the cheapest table that is as precise.")


def _fielded(
    frame: Frame,
    completes: IntArray,
    how: tuple[str, ...],
    assurance: float | None,
    workload: int,
    backcheck_share: float,
) -> Plan:
    """The plan of interviews by mode (R, S, M): contacts to issue, interviewers, back-checks."""
    table = np.asarray(completes.sum(axis=2), dtype=np.int64)
    contact, response = (np.array(list(rates.values())) for rates in (frame.contact, frame.response))
    loads = [workloads(int(k), workload) for k in table.sum(axis=1)]
    return Plan(
        frame,
        table,
        completes,
        issue(completes, contact, response, assurance=assurance),
        np.array([k.size for k in loads], dtype=np.int64),
        np.array([backcheck_quota(k, share=backcheck_share).sum() for k in loads], dtype=np.int64),
        how,
    )


def _smallest_by_rule(
    make: Callable[[int], Plan], precise: Callable[[Plan], bool], enough: int
) -> Plan | None:
    """The smallest plan by the rule that is precise and below `enough`, by halving; None without one."""

    def tried(size: int) -> Plan | None:
        try:
            made = make(size)
        except ValueError:
            return None
        return made if precise(made) else None

    best = tried(enough - 1) if enough > 1 else None
    few, many = 0, enough - 1
    while best is not None and many - few > 1:
        middle = (few + many) // 2
        made = tried(middle)
        best, few, many = (best, middle, many) if made is None else (made, few, middle)
    return best


def _table(
    frame: Frame, n: int, power: float, least: IntArray, *, min_region: int, min_service: int
) -> tuple[IntArray, str]:
    """The table nearest to the frame's recipients by the rule of the margins, no cell below `least`."""
    table = frame.table
    rows, columns, note = margins(
        frame,
        n,
        power=power,
        min_region=np.maximum(least.sum(axis=1), min_region),
        min_service=np.maximum(least.sum(axis=0), min_service),
    )
    caps = np.maximum(np.ceil(table), least) if frame.finite else None
    lower = least if least.any() else None
    fitted = fit_table(frame.labelled(table), rows, columns, lower=lower, upper=caps, tolerance=1e-10)
    return np.asarray(round_table(np.maximum(np.asarray(fitted), least))), note


def _by_mode(frame: Frame, table: IntArray, mode_share: Mapping[str, float] | None) -> IntArray:
    """Interviews by mode, (R, S, M): whole, every cell and the national totals of the modes kept."""
    modes = frame.modes
    shares = dict.fromkeys(modes, 1 / len(modes)) if mode_share is None else dict(mode_share)
    if set(shares) != set(modes):
        raise ValueError(
            f"mode_share must name the modes {sorted(modes)}, got {sorted(shares)}; name each once"
        )
    share = numbers("mode_share", [shares[m] for m in modes])
    if abs(share.sum() - 1) > 1e-9:
        raise ValueError(f"mode_share must sum to 1, got {share.sum():g}; write 40% as 0.4")
    cells = table.reshape(-1)[:, None] * share
    return np.asarray(round_table(cells)).reshape(*table.shape, len(modes))
