"""Recipes of synthetic data: what is asked, run and judged for one seed, as plain code that can be played again."""
