"""Kernels: plain Python over one text or one Arrow batch. Only udfs/spark.py imports Spark."""
