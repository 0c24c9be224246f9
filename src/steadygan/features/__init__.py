"""Feature extractors: Inception, a classifier of the data itself, patch statistics, pixels, any torch module."""
