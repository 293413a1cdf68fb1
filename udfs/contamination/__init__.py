"""Copies of benchmark items in texts: found by rare runs of words, scored by the share of the item that they cover."""
