"""Removal on request: the names of repositories, owners and authors, salted, and the forms that requests come in."""
