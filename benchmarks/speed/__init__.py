"""Speed of training rounds against a plain PyTorch loop: time, operations, memory, scaling, and overhead of a run."""
