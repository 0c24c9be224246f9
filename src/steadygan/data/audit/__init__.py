"""The audit of a data set: what was found, and what training will do with it."""
