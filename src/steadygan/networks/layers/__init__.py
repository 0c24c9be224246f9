"""Torch modules that the network specs build."""
