"""Texts as vectors of their meaning: a pinned sentence encoder, and bands that bring near vectors together."""
