"""Engines: eager, compiled, and CUDA graphs; all compute the same gradients."""
