"""The files of the 2020 reproduction: tables, figures, the report."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from sapa.drawings import drawings
from sapa.output import whole_folder, write_csv, write_xlsx
from sapa.published import Language
from sapa.report import Figure, figure
from sapa.reproduction import SEED, Reproduction, Stage, reproduce_2020
from sapa.reproduction_report import reproduction_page

DPI = 200
PART = re.compile("_[0-9]$")  # ending of the name of a figure in parts
CAPTIONS: Mapping[str, str] = {
    "ledger": "Printed figures of each table by status; in brackets, how many the table prints.",
    "services_intervals": "Published Q of 62 services with 95% intervals, in the published order.",
    "services_rank_sets": "Published rank of each service, and the ranks that the data allow, for all "
    "services at once.",
    "agencies_change": "Table 9, 2019 and 2020; the verdicts hold for all agencies at once (Holm, 95%).",
    "agencies_intervals": "Published Q of 24 agencies (Appendix A) with 95% intervals.",
    "agencies_rank_sets": "Published rank of each agency, and the ranks that the data allow.",
    "regions_intervals": "Published Q of 17 regions (Table 12) with 95% intervals.",
    "regions_rank_sets": "Published rank of each region, and the ranks that the data allow.",
    "regions_change": "Table 11, local bodies, 2019 and 2020; the verdicts hold for all of them at once.",
    "regions_map": "Published Q of the regions (Table 12), each a tile of the same size.",
    "variance_shares": "Share of each criterion in the variance of a service's Q.",
    "effective_numbers": "Respondents of each service, and the single ratings that its Q is worth.",
    "one_person": "Q of all services (grey), and what the one online respondent does to this one.",
    "population_and_sample": "Regions: share of the population on 1 January 2020 and share of the sample.",
}


def write(
    result: Reproduction, folder: Path, *, language: Language = "en", stage: Stage | None = None
) -> None:
    """Every table as CSV and in one workbook, every figure as SVG and PNG, and the report, into a folder.

    Parameters
    ----------
    result
        Of :func:`sapa.reproduction.reproduce_2020`.
    folder
        That exists; see :func:`sapa.output.whole_folder`.
    language
        Of the figures' labels.
    stage
        Told what is being done, from 0 to 1.
    """
    tell = stage or (lambda share, text: None)
    tell(0.0, "writing tables")
    tables = result.tables()
    for name, frame in tables.items():
        write_csv(frame, folder / f"{name}.csv")
    write_csv(result.respondents(), folder / "respondents.csv")
    write_xlsx(tables, folder / "tables.xlsx")
    drawn = _draw(result, folder / "figures", language, lambda share, text: tell(0.2 + 0.7 * share, text))
    tell(0.95, "writing the report")
    (folder / "report.html").write_text(reproduction_page(result, drawn), encoding="utf-8")
    tell(1.0, "done")


def reproduce_into(
    out: str | os.PathLike[str],
    *,
    rho: float = 0.5,
    deff: float = 1.0,
    seed: int = SEED,
    language: Language = "en",
    stage: Stage | None = None,
) -> Reproduction:
    """Reproduction of the 2020 monitoring, all its files in a folder that appears whole or not at all.

    Parameters
    ----------
    out
        Folder: new, empty, or of an earlier reproduction.
    rho, deff, seed, stage
        As in :func:`sapa.reproduction.reproduce_2020`.
    language
        Of the figures' labels.

    Raises
    ------
    ValueError
        As :func:`sapa.reproduction.reproduce_2020`, and when the folder holds files of others.
    """
    tell = stage or (lambda share, text: None)
    with whole_folder(out, made_by="sapa reproduce") as folder:
        result = reproduce_2020(rho=rho, deff=deff, seed=seed, stage=stage)
        write(result, folder, language=language, stage=lambda share, text: tell(0.75 + 0.25 * share, text))
    return result


def _draw(
    result: Reproduction, folder: Path, language: Language, tell: Callable[[float, str], None]
) -> dict[str, Figure]:
    """Every figure, saved and kept for the report."""
    folder.mkdir()
    found: dict[str, Figure] = {}
    plans = drawings(result, language=language)
    with mpl.rc_context({"backend": "agg"}), plt.ioff():
        for name, draw in plans.items():
            tell(len(found) / len(plans), f"drawing {name.replace('_', ' ')}")
            picture = draw().get_figure(root=True)
            assert picture is not None  # axes that were just drawn have a figure
            picture.draw_without_rendering()
            picture.set_layout_engine("none")  # laid out once for both files
            picture.savefig(folder / f"{name}.png", dpi=DPI)
            found[name] = figure(picture, caption=CAPTIONS[PART.sub("", name)])
            (folder / f"{name}.svg").write_text(found[name].svg, encoding="utf-8")
    return found
