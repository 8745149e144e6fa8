"""Synthetic respondents who re-publish the 2020 report, and what stands between them and the print."""

from sapa.microdata.placement import placement_2020
from sapa.microdata.report import MicrodataReport, microdata_report
from sapa.microdata.synthetic import synthetic_2020

__all__ = ["MicrodataReport", "microdata_report", "placement_2020", "synthetic_2020"]
