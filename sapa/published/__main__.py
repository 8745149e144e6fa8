"""``python -m sapa.published``: seal the published tables of this folder after a change that is meant."""

from pathlib import Path

from sapa.published.checks import check
from sapa.published.codebook import codebook
from sapa.published.seals import SEALS, toml
from sapa.published.tables import printed

if __name__ == "__main__":
    check(sealed=False)
    file = Path(__file__).with_name(SEALS)
    file.write_text(toml({name: printed(name) for name in codebook()}), encoding="utf-8")
    print(f"{file} holds the seals of {len(codebook())} tables.")
