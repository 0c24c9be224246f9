"""Text: character alphabets, and lines as samples."""
