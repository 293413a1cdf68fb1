"""Thresholds as data: reading them, judging by them, showing them."""
