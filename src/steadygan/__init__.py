"""steadygan."""
