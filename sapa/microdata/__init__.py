"""Synthetic respondents who re-publish the 2020 report, and what stands between them and the print."""

from sapa.microdata.synthetic import synthetic_2020

__all__ = ["synthetic_2020"]
