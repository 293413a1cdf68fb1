"""The training half: reads pinned Delta versions, imports no Spark."""
