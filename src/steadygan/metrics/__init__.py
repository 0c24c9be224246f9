"""Metrics as functions of arrays, each usable alone: images uint8 [N, C, H, W], features and points [N, D].

    from steadygan.metrics.frechet import frechet_from_features
    from steadygan.metrics.manifold import precision_recall

``steadygan evaluate`` applies them to a run's samples and records the numbers with their provenance.
"""
