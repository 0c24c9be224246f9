"""What shows a run to people: pictures, the page it leaves behind, progress, trackers, sample files."""
