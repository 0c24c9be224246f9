"""A labelled suite of short trainings, on which the doctor is scored."""
