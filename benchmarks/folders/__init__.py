"""Four kinds of picture folders: the default training beside other recipes, at equal time."""
