"""Calls of language models: what a request is, an endpoint that is asked with patience, and what came back."""
