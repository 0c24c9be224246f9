"""Diagnosis of a training: signals of samples, of the critic and of the training itself."""
