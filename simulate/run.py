"""What a study's replicates say: estimates in, diagnosands with their Monte Carlo errors out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulate.diagnosands import Diagnosis, Outcome

if TYPE_CHECKING:  # a study makes runs
    from simulate.study import Study

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Estimates of a study's replicates.

    Attributes
    ----------
    study, seed
        What was run.
    values
        ``estimator.variable`` and ``survey.cost``, ``survey.respondents`` to (replicates, domains).
    """

    study: "Study"
    seed: int
    values: Mapping[str, Floats]

    def outcome(self, name: str) -> Outcome:
        """Answers of one estimator beside its truth."""
        if name not in self.study.estimators:
            raise ValueError(f"estimator must be one of {sorted(self.study.estimators)}, got {name!r}")
        answers = {
            key.removeprefix(f"{name}."): table
            for key, table in self.values.items()
            if key.startswith(f"{name}.")
        }
        truth = self.study.truth(name).to_numpy()
        if not truth.size:
            truth = np.full(answers["estimate"].shape[1], np.nan)
        survey = [self.values[f"survey.{what}"][:, 0] for what in ("cost", "respondents")]
        return Outcome(answers, truth, *survey)

    def domains(self, name: str) -> tuple[str, ...]:
        """Labels of an estimator's domains."""
        labels = tuple(str(label) for label in self.study.truth(name)["domain"].values)
        return labels or tuple(str(d) for d in range(self.values[f"{name}.estimate"].shape[1]))

    def diagnoses(self) -> dict[tuple[str, str], Diagnosis]:
        """Diagnosis by estimator and diagnosand, with the influence of every replicate."""
        found = {}
        for estimator in self.study.estimators:
            outcome = self.outcome(estimator)
            for diagnosand, function in self.study.diagnosands.items():
                diagnosis = function(outcome)
                if not isinstance(diagnosis, Diagnosis):
                    raise TypeError(f"diagnosand {diagnosand!r} must return a Diagnosis, got {diagnosis!r}")
                found[estimator, diagnosand] = diagnosis
        return found

    def diagnose(self) -> xr.Dataset:
        """Every diagnosand of every estimator, with its Monte Carlo error.

        Returns
        -------
        ``value`` and ``mc_error`` over (estimator, diagnosand, domain). Domain ``all`` is the mean over
        domains, or the figure of the whole vector (Kendall, top, cost). NaN: no meaning there, or no answer.
        """
        return tabulated(
            self.diagnoses(), {name: self.domains(name) for name in self.study.estimators}
        ).assign_attrs(study=self.study.name, seed=self.seed, replicates=len(self.values["survey.cost"]))

    def dataset(self, name: str) -> xr.Dataset:
        """One estimator's answers as a Dataset over (replicate, domain), truth beside them."""
        outcome = self.outcome(name)
        tables = {key: (("replicate", "domain"), table) for key, table in outcome.values.items()}
        return xr.Dataset(
            {**tables, "truth": ("domain", outcome.truth)}, coords={"domain": list(self.domains(name))}
        )


def tabulated(
    found: Mapping[tuple[str, str], Diagnosis], domains: Mapping[str, tuple[str, ...]]
) -> xr.Dataset:
    """Values and Monte Carlo errors of diagnoses by (estimator, diagnosand, domain)."""
    labels = list(dict.fromkeys([*(label for names in domains.values() for label in names), "all"]))
    estimators = list(dict.fromkeys(estimator for estimator, _ in found))
    diagnosands = list(dict.fromkeys(diagnosand for _, diagnosand in found))
    shape = (len(estimators), len(diagnosands), len(labels))
    value, error = np.full(shape, np.nan), np.full(shape, np.nan)
    for (estimator, diagnosand), diagnosis in found.items():
        at = estimators.index(estimator), diagnosands.index(diagnosand)
        if diagnosis.value.ndim:
            columns = [labels.index(label) for label in domains[estimator]]
            value[*at, columns] = diagnosis.value
            error[*at, columns] = diagnosis.mc_error()
        whole = diagnosis.overall()
        value[*at, -1], error[*at, -1] = whole.value, whole.mc_error()
    error[np.isnan(value)] = np.nan
    dims = ("estimator", "diagnosand", "domain")
    return xr.Dataset(
        {"value": (dims, value), "mc_error": (dims, error)},
        coords={"estimator": estimators, "diagnosand": diagnosands, "domain": labels},
    )
