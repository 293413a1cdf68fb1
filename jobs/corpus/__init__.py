"""From the corpus to what training reads: one file per stage, token tables and instructions."""
