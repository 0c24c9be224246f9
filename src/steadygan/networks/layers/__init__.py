"""Torch modules of the networks that the specs build."""
