"""Values that options take, in Python and on the command line; quick to load, for help and completion."""

from typing import Final, Literal

Language = Literal["en", "kk", "ru"]
Level = Literal["country", "region", "service", "channel", "criterion"]
#: Of a table of scores.
By = Literal[Level, "item"]
#: What is ranked or compared.
Unit = Literal["region", "service", "channel"]
Statistic = Literal["mean", "satisfaction"]
Denominator = Literal["asked", "rated"]
SinglePsu = Literal["error", "certainty", "centered", "average"]
#: Which distribution with a published mean and share of fives an item has in a simulated world.
Law = Literal["max_entropy", "probit", "reconstructed"]
MIN_RATERS: Final = 10
MIN_DF: Final = 10.0
#: Of everything that is drawn for 2020.
SEED: Final = 2020
STUDY_NAMES: Final = ("as-fielded", "allocations", "rules", "fabrication", "modes", "smallest")
