"""One declaration per table. Standard library only."""
