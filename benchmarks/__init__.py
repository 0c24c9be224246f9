"""Timings side by side, in one run: a ratio holds on any machine, a number of seconds does not."""
