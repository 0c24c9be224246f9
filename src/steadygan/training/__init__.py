"""The trainer and its training round, for every method: none is known here by name."""
