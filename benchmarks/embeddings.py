"""What a bound on cosines takes and leaves, and what a vector costs.

    refinelake fetch encoder --to .cache/encoder
    python -m benchmarks.embeddings --encoder .cache/encoder/all-minilm-l6-v2

Pairs are of our own making: two wordings of one question, and two questions that differ in a word that matters.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from udfs.embeddings.encoder import Encoder
from udfs.embeddings.planes import Planes, meeting_probability

SAME = (
    ("Write a function that returns the sum of a list of numbers.", "Implement a function which adds up all numbers."),
    ("How do I reverse a string in Python?", "In Python, how can a string be reversed?"),
    ("Explain what a closure is in JavaScript.", "What is a closure in JavaScript? Please explain."),
    ("Check whether a word is a palindrome.", "Determine if a given word reads the same forwards and backwards."),
    ("Write a SQL query that counts the orders of each customer.", "Count orders per customer with SQL."),
    ("Merge two sorted arrays into one sorted array.", "Given two sorted arrays, combine them into a sorted one."),
    ("How can I read a file line by line in Go?", "Reading a file one line at a time in Go: how is it done?"),
    ("Find the longest common prefix of some strings.", "Return the longest prefix that all given strings share."),
    ("Write a regular expression for e-mail addresses.", "Give me a regex that matches email addresses."),
    ("Convert a Roman numeral to an integer.", "Turn a number written in Roman numerals into an int."),
    ("How do I center a div with CSS?", "What is the way to put a div in the middle of a page using CSS?"),
    ("Implement a stack with push and pop in Java.", "Write a Java class for a stack that supports push and pop."),
)
OTHER = (
    ("Write a function that returns the sum of a list of numbers.", "Write a function that returns the product of it."),
    ("How do I reverse a string in Python?", "How do I reverse a list in Python?"),
    ("Explain what a closure is in JavaScript.", "Explain what a promise is in JavaScript."),
    ("Check whether a word is a palindrome.", "Check whether two words are anagrams."),
    ("Write a SQL query that counts the orders of each customer.", "Write a SQL query that sums orders of each month."),
    ("Merge two sorted arrays into one sorted array.", "Find the median of two sorted arrays."),
    ("How can I read a file line by line in Go?", "How can I write a file line by line in Go?"),
    ("Find the longest common prefix of some strings.", "Find the longest common subsequence of two strings."),
    ("Write a regular expression for e-mail addresses.", "Write a regular expression for phone numbers."),
    ("Convert a Roman numeral to an integer.", "Convert an integer to a Roman numeral."),
    ("How do I center a div with CSS?", "How do I hide a div with CSS?"),
    ("Implement a stack with push and pop in Java.", "Implement a queue with push and pop in Java."),
)
BOUNDS = (0.75, 0.8, 0.85, 0.9, 0.92, 0.95)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", required=True, metavar="DIR", help="as refinelake fetch encoder writes one")
    encoder = Encoder(parser.parse_args().encoder)
    same, other = ([cosine(encoder, *pair) for pair in pairs] for pairs in (SAME, OTHER))
    print("| cosine of at least | of 12 wordings of one question | of 12 other questions | chance to meet |")
    print("| --- | --- | --- | --- |")
    for bound in BOUNDS:
        taken = [sum(c >= bound for c in found) for found in (same, other)]
        print(f"| {bound} | {taken[0]} | {taken[1]} | {meeting_probability(bound, Planes()):.3f} |")
    for words in (12, 60, 180):
        print(f"{words} words: {1000 * cpu_seconds(encoder, words):.1f} CPU ms a text, alone")
    return 0


def cosine(encoder: Encoder, a: str, b: str) -> float:
    return float(encoder.encode(a)[0] @ encoder.encode(b)[0])


def cpu_seconds(encoder: Encoder, words: int) -> float:
    """Of a text of so many words, the median of twenty."""
    text, took = " ".join(("list", "of", "numbers")[n % 3] for n in range(words)), []
    for _ in range(20):
        began = time.process_time()
        encoder.encode(text)
        took.append(time.process_time() - began)
    return median(took)


if __name__ == "__main__":
    raise SystemExit(main())
