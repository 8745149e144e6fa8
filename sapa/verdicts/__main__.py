"""Write the page of verdicts: ``python -m sapa.verdicts FILE``."""

import sys
from pathlib import Path

from sapa.choices import SEED
from sapa.microdata import synthetic_2020
from sapa.precision import precision_2020
from sapa.verdicts.page import page
from sapa.verdicts.verdicts import verdicts_2020


def main(path: str) -> None:
    """Make the microdata with the seed of the reproduction and write the page."""
    microdata = synthetic_2020(rng=SEED)
    text = page(verdicts_2020(microdata, precision_2020(microdata)))
    Path(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
