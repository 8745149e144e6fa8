"""From a frame to a plan: totals, the table between them, modes, interviewers and checks."""

from collections.abc import Mapping

import numpy as np

from sampling.arguments import IntArray, numbers
from sampling.fieldwork import BACKCHECK_SHARE, backcheck_quota, issue, workloads
from sampling.frame import Frame
from sampling.plan import Plan
from sampling.plan_margins import Demand, Domain, margins
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table

ROUNDS = 60


def allocate(
    frame: Frame,
    n: int | None = None,
    *,
    power: float = 1.0,
    min_service: int = 0,
    min_region: int = 0,
    region_half_width: float | None = None,
    service_half_width: float | None = None,
    deff: float = 1.0,
    mode_share: Mapping[str, float] | None = None,
    assurance: float | None = None,
    workload: int = 100,
    backcheck_share: float = BACKCHECK_SHARE,
) -> Plan:
    """The plan for a frame: margins by rule, minima and precision, the table fitted and rounded.

    Region totals follow the population (the territorial rule ``N * P_r``), service totals
    ``recipients**power``; both respect the minima and are whole. The table nearest to the frame's
    recipients with these margins is fitted and rounded with all margins exact. Half-widths, where asked
    for, become minima of the margins (`sample_size`), raised until the table's own weights meet them;
    without n the larger sum of minima is the plan's size. A region without population (respondents
    abroad) has no minimum: it gets the services that are given only there.

    Parameters
    ----------
    frame : Frame
    n : int, optional
        Interviews; None means enough to meet the half-widths. The search raises margins until they are
        met and does not go back, so somewhat fewer may do.
    power : float
        Of the recipients in the service totals: 1 proportional, 0 equal.
    min_service, min_region : int
        Fewest interviews of a service (all recipients where there are fewer) and in a region.
    region_half_width, service_half_width : float, optional
        Largest 95% half-width of the mean of every region, and of every service.
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
    """
    demand = Demand(n, power, min_region, min_service, region_half_width, service_half_width, deff)
    raised: dict[Domain, np.typing.NDArray[np.float64]] = {
        "region": np.ones(len(frame.regions)),
        "service": np.ones(len(frame.services)),
    }
    for number in range(1, ROUNDS + 1):
        rows, columns, how = margins(frame, demand, raised)
        table = _table(frame, rows, columns)
        completes = _by_mode(frame, table, mode_share)
        contact, response = (np.array(list(rates.values())) for rates in (frame.contact, frame.response))
        loads = [workloads(int(k), workload) for k in table.sum(axis=1)]
        plan = Plan(
            frame,
            table,
            completes,
            issue(completes, contact, response, assurance=assurance),
            np.array([k.size for k in loads], dtype=np.int64),
            np.array([backcheck_quota(k, share=backcheck_share).sum() for k in loads], dtype=np.int64),
            (
                *how,
                "The table with these margins nearest to the frame's cells, rounded with every margin exact.",
            ),
        )
        if not _raise_where_wide(plan, demand, raised, extra=number):
            return plan
    raise ValueError(
        f"half-widths must be reached within {ROUNDS} rounds of raising the minima, got {demand.widths} "
        "still missed; ask for wider ones"
    )


def _raise_where_wide(
    plan: Plan, demand: Demand, raised: dict[Domain, np.typing.NDArray[np.float64]], *, extra: int
) -> bool:
    """Raise the needs of domains that are still too wide, in place; whether there were any.

    At least by `extra` interviews, more of them every round: where cells hold one or two interviews, a
    single one more may land where it does not help.
    """
    any_wide = False
    for by, width in demand.widths.items():
        if width is None:
            continue
        got = plan.half_width(by, deff=demand.deff)
        asked = np.isfinite(got) & ((np.asarray(plan.frame.population) > 0) if by == "region" else True)
        wide = asked & (got > width * (1 + 1e-9))
        few = plan.count(by)[wide]
        raised[by][wide] *= np.maximum((got[wide] / width) ** 2, 1 + extra / few)
        any_wide |= bool(wide.any())
    return any_wide


def _table(frame: Frame, rows: IntArray, columns: IntArray) -> IntArray:
    """The frame's table fitted to the margins and rounded, bounded by recipients where they are counted."""
    table = frame.table
    caps = np.ceil(table) if frame.finite else None
    fitted = fit_table(frame.labelled(table), rows, columns, upper=caps, tolerance=1e-10)
    return np.asarray(round_table(np.asarray(fitted)))


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
