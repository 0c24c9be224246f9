"""The plan of a run and its time: measured speed, rounds for a time limit, the time left, and a moved end."""
