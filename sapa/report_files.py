"""A report as files: the page, and its print where a browser is present."""

import os
from pathlib import Path
from typing import Final

from sapa.browser import find_browser, print_pdf
from sapa.whole_file import whole_file

NO_BROWSER: Final = (
    "no Chromium, Chrome or Edge found: the report is HTML only; install one, or print the page by hand"
)
ENDINGS: Final = (".html", ".htm")


def write_page(html: str, out: str | os.PathLike[str], *, pdf: bool | None = None) -> tuple[Path, ...]:
    """Write a page, whole or not at all, and print it beside.

    Parameters
    ----------
    html
        Of the page.
    out
        File ending in .html.
    pdf
        Print it; by default where a browser is found.

    Returns
    -------
    Files written.

    Raises
    ------
    ValueError
        When the name does not end in .html, or `pdf` is wanted and cannot be had.
    """
    place = Path(out)
    if place.suffix.lower() not in ENDINGS or place.is_dir():
        raise ValueError(f"out must be a file ending in .html, got {str(out)!r}; choose another name")
    browser = find_browser() if pdf is not False else None
    if pdf and browser is None:
        raise ValueError(NO_BROWSER)
    with whole_file(place) as fresh:
        fresh.write_text(html, encoding="utf-8")
    if browser is None:
        return (place,)
    print_pdf(place, place.with_suffix(".pdf"), browser=browser)
    return place, place.with_suffix(".pdf")
