"""Benchmarks and studies: each compares alternatives in one run, since only ratios carry over to other machines."""
