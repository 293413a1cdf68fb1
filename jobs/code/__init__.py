"""The raw-code half: one file per stage, from raw files to code_corpus."""
