"""A report as files: the page, and its print where a browser is present."""

import os
from pathlib import Path
from typing import Final

from sapa.browser import find_browser, print_pdf
from sapa.whole_file import whole_file, writable

NO_BROWSER: Final = (
    "no Chromium, Chrome or Edge found: the report is HTML only; install one, or print the page by hand"
)
ENDINGS: Final = (".html", ".htm")


def report_place(out: str | os.PathLike[str], *, pdf: bool | None = None) -> str | None:
    """Browser that is to print, none where nothing is; what cannot be written is refused before the work.

    Parameters
    ----------
    out
        File ending in .html.
    pdf
        Whether the page is printed; by default where a browser is found.

    Raises
    ------
    ValueError
        When the name does not end in .html, or `pdf` is wanted and there is no browser.
    """
    writable(Path(out), ENDINGS)
    browser = find_browser() if pdf is not False else None
    if pdf and browser is None:
        raise ValueError(NO_BROWSER)
    return browser


def write_page(html: str, out: str | os.PathLike[str], *, browser: str | None) -> tuple[Path, ...]:
    """Write a page, whole or not at all, and print it beside where a browser is given.

    Returns
    -------
    Files written.

    Raises
    ------
    ValueError
        When the browser does not print; the page is there all the same.
    """
    place = Path(out)
    with whole_file(place) as fresh:
        fresh.write_text(html, encoding="utf-8")
    if browser is None:
        return (place,)
    print_pdf(place, place.with_suffix(".pdf"), browser=browser)
    return place, place.with_suffix(".pdf")
