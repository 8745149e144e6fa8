"""What a report says of itself: versions, seed, fingerprints of its inputs, and the literature."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from sapa.choices import Language
from sapa.words import phrase

PACKAGES: Final = ("sapa", "numpy", "scipy", "pandas", "xarray", "matplotlib")
Report = Literal["own", "change", "2020"]
_COMMON: Final = (
    "Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer.",
    "Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R. Wiley.",
    "Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D. (2024). Inference for ranks with "
    "applications to mobility across neighbourhoods and academic achievement across countries. Review of "
    "Economic Studies 91(1), 476-518.",
)
_TIERS: Final = (
    "Piepho, H.-P. (2004). An algorithm for a letter-based representation of all-pairwise comparisons. "
    "Journal of Computational and Graphical Statistics 13(2), 456-466."
)
LITERATURE: Final[Mapping[Report, tuple[str, ...]]] = {
    "own": (*_COMMON, _TIERS),
    "change": (
        *_COMMON,
        _TIERS,
        "Hothorn, T., Bretz, F. and Westfall, P. (2008). Simultaneous inference in general parametric "
        "models. Biometrical Journal 50(3), 346-363.",
    ),
    "2020": (
        *_COMMON,
        "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
        "Statistics 6(2), 65-70.",
    ),
}


def references(of: Report) -> tuple[str, ...]:
    """Literature that the methods of a report cite, in the order of its numbers; `change` is of two rounds.

    Examples
    --------
    >>> references("own")[1]
    'Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R. Wiley.'
    """
    return LITERATURE[of]


def reproducibility(
    call: str,
    files: Iterable[Path],
    *,
    seed: int,
    options: Mapping[str, Any],
    language: Language = "en",
) -> list[str]:
    """Lines on the call, its options, versions, seed and the fingerprint of each input file."""
    told = "; ".join(f"{name} = {value}" for name, value in options.items() if value is not None)
    return [
        phrase("made_by", language=language, call=f"{call} ({told})"),
        phrase("versions", language=language, versions=versions()),
        phrase("seed", language=language, seed=seed),
        *(
            phrase("fingerprint", language=language, file=file.name, print=fingerprint(file))
            for file in files
        ),
    ]


def versions() -> str:
    """Python and the packages that the figures depend on, with their versions."""
    found = (f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return ", ".join([f"Python {platform.python_version()}", *found])


def fingerprint(file: Path) -> str:
    """SHA-256 of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
