"""Corpora that are published as ids only: lists of them, and the places where their texts are looked for."""
