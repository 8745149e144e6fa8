"""The table of a study drawn: one of its figures, its designs side by side."""

import pandas as pd
from matplotlib.axes import Axes

from sapa import figures
from sapa.published import Language
from sapa.studies.settings import COLUMNS
from sapa.words import label


def draw_study(
    table: pd.DataFrame,
    *,
    quantity: str | None = None,
    domain: str = "all",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Figure of one quantity of a study.

    Parameters
    ----------
    table
        Of :func:`sapa.studies.study`, or its file read back.
    quantity
        Which ``figure`` of the table; ``rmse`` if not given, or the first where there is none.
    domain
        Which group of services.
    language
        Of the labels.

    Raises
    ------
    ValueError
        When the table is not of a study, or has no such quantity or group.
    """
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise ValueError(f"table must be of a study, got one without {lacking[0]!r}; make it with sapa study")
    known = list(dict.fromkeys(table["figure"]))
    chosen = quantity or ("rmse" if "rmse" in known else known[0])
    if chosen not in known:
        raise ValueError(f"quantity must be one of {known}, got {chosen!r}; choose one of these")
    part = table[table["figure"] == chosen]
    if domain not in set(part["domain"]):
        domains = sorted(set(part["domain"]))
        raise ValueError(
            f"domain must be one of {domains} for {chosen!r}, got {domain!r}; choose one of these"
        )
    rows = part[part["domain"] == domain]
    varying = [name for name in ("scenario", "estimator") if rows[name].nunique() > 1] or ["scenario"]
    labels = [
        figures.broken(", ".join(label(str(text), language=language) for text in row))
        for row in rows[varying].itertuples(index=False)
    ]
    return figures.study_comparison(
        rows["value"], rows["mc_error"], labels, quantity=chosen, language=language, ax=ax
    )
