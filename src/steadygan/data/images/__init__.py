"""Images: scanned, decoded once to uint8, and stored in memory or in a memory map."""
