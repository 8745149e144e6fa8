"""The monitoring of public services itself: published data, reproduction, planning, reports and figures."""
