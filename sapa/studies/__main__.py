"""Write the counts of the synthetic respondents that the world is made of: ``python -m sapa.studies``."""

from sapa.choices import SEED
from sapa.microdata import synthetic_2020
from sapa.studies.respondents import counted


def main() -> None:
    """Make the respondents with the world's seed and count them."""
    counted(synthetic_2020(rng=SEED)).write()


if __name__ == "__main__":
    main()
