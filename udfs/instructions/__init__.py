"""Instructions that a text gives without a language model, and rows of given tables."""
