"""Checkpoints that are complete or not there: saved aside, listed with sizes and hashes, renamed, then pointed at."""
