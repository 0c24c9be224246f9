"""What ``steadygan bench`` measures: rounds beside the plain loop, slopes of cost, what a training spends elsewhere."""
