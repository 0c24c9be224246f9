"""Data sources, one a module: each opens what a name or path refers to."""
