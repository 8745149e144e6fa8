"""What happens between selecting people and having their ratings: one small object an effect.

Every object has a null value, its default, that switches it off. They act in this fixed order: mode of the
interview, recruitment by snowball, who interviews (in the modes that have interviewers), contact,
cooperation, the rating itself (shifted by mode, correlated by settlement and interviewer), what does not
apply, straightlining, acquiescence, items left out, breakoff, fabrication and its back-check. An effect
that is off draws nothing, and each has streams of its own, so switching one on leaves the random numbers of
the others as they were.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.answering import Breakoff, ItemNonresponse, NotApplicable, Styles
from simulate.drawing import factor_nodes, ratings_given
from simulate.fabrication import Fabrication
from simulate.fieldwork import Contact, Cooperation, Interviewers, Modes, Snowball, passed
from simulate.population import Population, factor_values
from simulate.selection import Selected
from simulate.streams import Purpose, Streams
from simulate.survey import Survey

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Response:
    """Response behaviour and fieldwork: every effect at its null value unless named.

    Examples
    --------
    >>> Response(cooperation=Cooperation(0.6, slope=0.3), breakoff=Breakoff(0.01)).breakoff
    Breakoff(chance=0.01)
    """

    modes: Modes = field(default_factory=Modes)
    snowball: Snowball = field(default_factory=Snowball)
    interviewers: Interviewers = field(default_factory=Interviewers)
    contact: Contact = field(default_factory=Contact)
    cooperation: Cooperation = field(default_factory=Cooperation)
    not_applicable: NotApplicable = field(default_factory=NotApplicable)
    styles: Styles = field(default_factory=Styles)
    item_nonresponse: ItemNonresponse = field(default_factory=ItemNonresponse)
    breakoff: Breakoff = field(default_factory=Breakoff)
    fabrication: Fabrication = field(default_factory=Fabrication)

    def __post_init__(self) -> None:
        for entry in fields(self):
            expected = entry.default_factory
            if isinstance(expected, type) and not isinstance(getattr(self, entry.name), expected):
                raise TypeError(
                    f"{entry.name} must be a {expected.__name__}, got {getattr(self, entry.name)!r}"
                )
        unknown = sorted(set(self.interviewers.modes or ()) - set(self.modes.names))
        if unknown:
            raise ValueError(f"modes of interviewers must be among {self.modes.names}, got {unknown[0]!r}")


def fielded(population: Population, selected: Selected, response: Response, streams: Streams) -> Survey:
    """Surveys that come of samples under a response behaviour.

    Parameters
    ----------
    population, selected
        Who was selected.
    response
        What happens to them.
    streams
        Addresses of the replicates.

    Raises
    ------
    ValueError
        When an effect asks for what is not there: interviewers, settlements, ratings not yet fixed.
    """
    cell = selected.cell
    replicates, size = len(streams), cell.shape[-1]
    mode = response.modes.assign(population, cell, streams)
    interviewer = response.interviewers.assign(population, cell, mode, response.modes)
    node, extra = _nodes(population, selected, response, interviewer, streams)
    responded = _taking_part(population, cell, mode, node, response, streams)
    ratings = _ratings(population, selected, response, mode, node, streams)
    for effect in (response.not_applicable, response.styles, response.item_nonresponse, response.breakoff):
        effect.apply(population, cell, ratings, streams)
    took_part = np.ones((replicates, size), dtype=bool) if responded is None else responded
    invented = response.fabrication.apply(ratings, interviewer, took_part, streams)
    cost = _cost(response, mode, took_part)
    if invented is not None:
        extra["fabricated"] = invented[0]
        responded = took_part & ~invented[1]
    if responded is not None:
        ratings *= responded[..., None]
    ratings.flags.writeable = False  # every estimator of a study sees the same ratings
    extra |= {"mode": mode, "interviewer": interviewer, "person": selected.person}
    kept = {name: values for name, values in extra.items() if values is not None}
    return Survey(
        population,
        streams.replicates,
        streams.seed,
        ratings,
        cell,
        selected.weight,
        selected.stratum,
        responded,
        cost,
        kept,
    )


def _nodes(
    population: Population,
    selected: Selected,
    response: Response,
    interviewer: Ints | None,
    streams: Streams,
) -> tuple[Ints, dict[str, Any]]:
    """(replicates, n) nodes of the common factor, after recruitment; degrees and settlements on the side."""
    model, size = population.model, selected.cell.shape[-1]
    recruited = response.snowball.recruited(size, streams)
    if population.ratings is not None:
        if recruited is not None:
            raise ValueError("snowball recruitment needs a population whose ratings are not fixed")
        if not _selective(response):  # nothing else looks at the factor of people with fixed ratings
            return np.zeros((1, 1), dtype=np.intp), {}
        if population.factor is None or selected.person is None:
            raise ValueError(
                "slope of contact or cooperation needs the factor of fixed ratings; make them by realised()"
            )
        return population.factor[selected.person].astype(np.intp), {}
    settlement = population.settlements()[selected.cell] if model.shares[1] > 0 else None
    extra: dict[str, Any] = {} if settlement is None else {"settlement": settlement}
    shift = None
    if recruited is not None:
        chosen, normal = recruited
        shift = np.where(chosen, response.snowball.correlation * response.snowball.spread, 0.0)
        own = streams.normals(Purpose.PERSON, size)
        extra["degree"] = response.snowball.degree(own, chosen, normal)
    node = factor_nodes(model, streams, size, settlement=settlement, interviewer=interviewer, shift=shift)
    return node, extra


def _taking_part(
    population: Population,
    cell: Ints,
    mode: Ints | None,
    node: Ints,
    response: Response,
    streams: Streams,
) -> NDArray[np.bool_] | None:
    """(replicates, n) who is reached and agrees; None when everybody does."""
    factor = factor_values(population.model, node) if _selective(response) else np.zeros((1, 1))
    people = (population, cell, mode, response.modes, factor, streams)
    reached = passed(response.contact, Purpose.CONTACT, *people)
    agreed = passed(response.cooperation, Purpose.COOPERATION, *people)
    if reached is None or agreed is None:
        return agreed if reached is None else reached
    return reached & agreed


def _selective(response: Response) -> bool:
    """Whether taking part depends on what people would say."""
    return bool(response.contact.slope or response.cooperation.slope)


def _ratings(
    population: Population,
    selected: Selected,
    response: Response,
    mode: Ints | None,
    node: Ints,
    streams: Streams,
) -> NDArray[np.int8]:
    """(replicates, n, items) what people would say in their mode."""
    shifts = response.modes.shift
    if population.ratings is not None:
        if selected.person is None:
            raise ValueError("selection must tell the person where the population's ratings are fixed")
        if any(shifts):
            raise ValueError("shift of a mode needs a population whose ratings are not fixed")
        return population.ratings[selected.person]
    law = population.law[selected.cell]
    if not any(shifts):
        return ratings_given(population.model, law, node, streams)
    block = 0 if mode is None else mode
    return ratings_given(
        population.model.shifted(shifts), law + block * population.model.cells, node, streams
    )


def _cost(response: Response, mode: Ints | None, took_part: NDArray[np.bool_]) -> Floats:
    """(replicates,) cost of contacts and interviews."""
    each = np.asarray(response.modes.cost, dtype=float)[0 if mode is None else mode]
    interviews: Floats = (took_part * each).sum(axis=1)
    interviews += response.contact.cost * took_part.shape[1]
    return interviews
