"""Kernels: plain Python over one text or one Arrow batch, in rooms by subject. Only udfs/spark imports Spark."""
