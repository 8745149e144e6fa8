"""How precise the 2020 scores are, which ranks they support, and what that rests on."""

from sapa.precision.precision import Precision, precision_2020
from sapa.precision.thin import ThinRule, thin_channels

__all__ = ["Precision", "ThinRule", "precision_2020", "thin_channels"]
