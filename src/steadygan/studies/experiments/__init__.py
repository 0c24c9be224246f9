"""The experiments, one a file; modules whose name begins with '_' hold what several share."""
