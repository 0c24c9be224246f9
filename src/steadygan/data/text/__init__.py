"""Text: its alphabet, and its lines as samples."""
