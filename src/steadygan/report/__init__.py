"""Output of a run for people: progress, pictures, report.html, experiment trackers, files of samples."""
