"""Numbers that are no 8-bit pictures: signals, volumes, images of many bands, and tables."""
