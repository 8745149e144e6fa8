"""Every speed claim, beside a peer or a bound measured in the same run."""
