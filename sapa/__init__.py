"""The monitoring of public services itself: published data, reproduction, planning, reports and figures."""

from sapa.microdata import synthetic_2020

__all__ = ["synthetic_2020"]
