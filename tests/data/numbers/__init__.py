"""Signals, volumes, images of many bands, and tables."""
