"""The files of the 2020 reproduction: tables, figures, the report."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from sapa.choices import SEED
from sapa.drawings import drawings
from sapa.output import whole_folder, write_csv, write_xlsx
from sapa.published import Language
from sapa.report import Figure, figure
from sapa.report_files import report_place, write_page
from sapa.reproduction import Reproduction, Stage, reproduce_2020
from sapa.reproduction_report import reproduction_page
from sapa.words import phrase

DPI = 200
PART = re.compile("_[0-9]$")  # ending of the name of a figure in parts


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
    (folder / "report.html").write_text(reproduction_page(result, drawn, language=language), encoding="utf-8")
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


def report_2020(
    out: str | os.PathLike[str],
    *,
    rho: float = 0.5,
    deff: float = 1.0,
    seed: int = SEED,
    language: Language = "en",
    pdf: bool | None = None,
    stage: Stage | None = None,
) -> tuple[Path, ...]:
    """Write the report of the 2020 reproduction alone: an HTML page, and its PDF where a browser is present.

    Parameters
    ----------
    out
        HTML file to write; the PDF lies beside it.
    rho, deff, seed, stage
        As in :func:`sapa.reproduction.reproduce_2020`.
    language
        Of the summary, headings, figures and methods.
    pdf
        Print it; by default where a Chromium, Chrome or Edge is found.

    Returns
    -------
    Files written.

    Raises
    ------
    ValueError
        As :func:`sapa.reproduction.reproduce_2020` and :func:`sapa.report_files.write_page`.
    """
    tell = stage or (lambda share, text: None)
    browser = report_place(out, pdf=pdf)
    result = reproduce_2020(rho=rho, deff=deff, seed=seed, stage=stage)
    drawn = _draw(result, None, language, lambda share, text: tell(0.75 + 0.2 * share, text))
    tell(0.95, "writing the report")
    files = write_page(reproduction_page(result, drawn, language=language), out, browser=browser)
    tell(1.0, "done")
    return files


def _draw(
    result: Reproduction, folder: Path | None, language: Language, tell: Callable[[float, str], None]
) -> dict[str, Figure]:
    """Every figure for the report, and as files where there is a folder for them."""
    if folder is not None:
        folder.mkdir()
    found: dict[str, Figure] = {}
    plans = drawings(result, language=language)
    with mpl.rc_context({"backend": "agg"}), plt.ioff():
        for name, draw in plans.items():
            tell(len(found) / len(plans), f"drawing {name.replace('_', ' ')}")
            picture = draw().get_figure(root=True)
            assert picture is not None  # axes that were just drawn have a figure
            if folder is not None:
                picture.draw_without_rendering()
                picture.set_layout_engine(None)  # laid out once: no file needs a trial drawing
                picture.savefig(folder / f"{name}.png", dpi=DPI)
            told = phrase(f"fig_{PART.sub('', name)}", language=language)
            found[name] = figure(picture, caption=told, small=name.endswith("_map"))
            if folder is not None:
                (folder / f"{name}.svg").write_text(found[name].svg, encoding="utf-8")
    return found
