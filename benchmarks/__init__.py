"""What each stage and kernel costs, against the floor of reading, hashing and writing the same bytes.

    python -m benchmarks --set demo --sources data/demo/sources.jsonl

The numbers of docs/performance.md come from here; nothing in the tests asserts a time.
"""
