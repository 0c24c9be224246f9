"""The mathematics of one training round: draws, batches, loss terms, gradients, optimizer steps."""
