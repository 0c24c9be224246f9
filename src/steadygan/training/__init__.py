"""The training round, the trainer, and what they keep: no method is known here by name."""
