"""A page on this machine over all runs: their pictures, curves, verdicts and recipes, with stop and resume."""
