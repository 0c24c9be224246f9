"""Data sources, one a file: each opens what a name or a path stands for."""
