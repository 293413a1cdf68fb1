"""Comparisons of what a recipe, a table or a part of one gives a model, at equal starting points and equal tokens."""
