"""Synthetic and instruction data: seeds, threads of recipes over calls and runs, and the tables made of them."""
