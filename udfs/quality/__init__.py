"""The learned quality score: hashed n-grams of a text, a linear head for each language, the artifact of both."""
