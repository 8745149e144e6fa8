"""The published figures of the monitoring of public services, 2014-2020."""
