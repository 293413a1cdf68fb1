"""Fingerprints of texts, from which near duplicates are found."""
