"""Streaming: encoded samples of files that do not fit in memory, shuffled, read and decoded while a run trains."""
