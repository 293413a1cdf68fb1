"""Token tables to batches: pinned versions, an order of their own, packing, mixtures, exact resume."""
