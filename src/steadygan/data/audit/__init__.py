"""The audit of a data set: what is in it, and what training will do with it."""
