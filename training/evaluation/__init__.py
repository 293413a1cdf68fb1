"""Scores of a model: held-out bits per byte, and pass@k on HumanEval, MBPP and tasks of MultiPL-E's form."""
