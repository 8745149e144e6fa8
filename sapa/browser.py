"""A page printed to PDF by a browser of the machine, where there is one."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from sapa.whole_file import whole_file

NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
SECONDS: Final = 300


def find_browser() -> str | None:
    """Path of a Chromium, Chrome or Edge, which print without a window; none where there is none."""
    found = (shutil.which(name) for name in NAMES)
    places = (place for place in PLACES if Path(place).is_file())
    return next((path for path in (*found, *places) if path), None)


def print_pdf(page: str | os.PathLike[str], pdf: str | os.PathLike[str], *, browser: str) -> None:
    """Print a page of this machine to an A4 PDF, whole or not at all.

    Parameters
    ----------
    page
        HTML file.
    pdf
        File to write.
    browser
        Path of :func:`find_browser`. It runs without a window, without network of its own, and with a
        fresh profile that is removed afterwards.

    Raises
    ------
    ValueError
        When the browser does not print.
    """
    with whole_file(pdf) as fresh, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = command(browser, profile, "--no-pdf-header-footer", f"--print-to-pdf={fresh}")
        try:
            ran = subprocess.run(
                [*words, Path(page).absolute().as_uri()], capture_output=True, timeout=SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ValueError(f"the browser {browser} did not print: {error}") from error
        if ran.returncode or fresh.read_bytes()[:5] != b"%PDF-":
            last = ran.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise ValueError(f"the browser {browser} did not print (exit code {ran.returncode}): {last}")


def command(browser: str, profile: str, *more: str) -> list[str]:
    """Words of a browser without a window, network of its own or trace."""
    root = sys.platform != "win32" and os.geteuid() == 0  # Chromium refuses its sandbox to root
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-sync", "--disable-extensions")
    sandbox = ("--no-sandbox",) if root else ()
    return [browser, "--headless", "--disable-gpu", *quiet, *sandbox, f"--user-data-dir={profile}", *more]
