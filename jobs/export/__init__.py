"""Final tables as files for others: rows, counts, what was in force, the card, and how files are written."""
