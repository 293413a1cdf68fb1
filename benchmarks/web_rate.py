"""From crawl file to text, pages a second and core: ours beside Resiliparse alone, over the same file in one run.

    python -m benchmarks.web_rate --to .cache/web

The pages are of Debian's documentation packages (benchmarks/web_text.py), up to --most of each, in a file of one gzip
member a record. Both read it with our reader and decode the charset; "Resiliparse alone" then parses and extracts the
main content, ours makes the whole row.
"""

from __future__ import annotations

import argparse
import gzip
import random
import time
from pathlib import Path
from statistics import median

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from benchmarks.web_text import DEVELOP, HELD_OUT, fetched, files_of
from udfs.reading.decoding import Refusal
from udfs.web.captures import captures
from udfs.web.charsets import decode_page
from udfs.web.pages import page_row

ROUNDS = 7


def crawl_file(folder: Path, most: int) -> Path:
    """A WARC file of the packages' pages under made-up addresses."""
    path = folder / f"pages-{most}.warc.gz"
    if path.exists():
        return path
    with path.open("wb") as file:
        for package in (*DEVELOP, *HELD_OUT):
            pages = sorted((n, d) for n, d in files_of(fetched(package, folder)).items() if n.endswith(".html"))
            for name, data in random.Random(1).sample(pages, min(most, len(pages))):
                http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + data
                head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://{package}.example/{name}\r\n"
                head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
                file.write(gzip.compress(head.encode() + http + b"\r\n\r\n"))
    return path


def alone(path: Path) -> int:
    """The pages' texts by Resiliparse and nothing of ours behind the reader."""
    count = 0
    with path.open("rb") as file:
        for capture in captures(file):
            page = decode_page(capture.body or b"", capture.charset)
            if not isinstance(page, Refusal):
                extract_plain_text(HTMLTree.parse(page.text), main_content=True)
                count += 1
    return count


def ours(path: Path) -> int:
    """The pages' rows."""
    with path.open("rb") as file:
        return sum(page_row(str(path), capture).text is not None for capture in captures(file))


def reading(path: Path) -> int:
    """The captures alone."""
    with path.open("rb") as file:
        return sum(capture.body is not None for capture in captures(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(".cache/web"))
    parser.add_argument("--most", type=int, default=60)
    args = parser.parse_args()
    path = crawl_file(args.to, args.most)
    seconds: dict[str, list[float]] = {"reading": [], "Resiliparse": [], "ours": []}
    pages = 0
    for _ in range(ROUNDS):
        for name, work in (("reading", reading), ("Resiliparse", alone), ("ours", ours)):
            began = time.process_time()
            pages = max(pages, work(path))
            seconds[name].append(time.process_time() - began)
    print(f"{pages} pages, {path.stat().st_size / 1e6:.1f} MB packed")
    for name, found in seconds.items():
        print(f"{name}: {pages / median(found):.0f} pages a CPU second, {pages / min(found):.0f} in the best round")
    shares = [alone_s / ours_s for alone_s, ours_s in zip(seconds["Resiliparse"], seconds["ours"], strict=True)]
    print(f"ours / Resiliparse: {median(shares):.2f} (rounds: {', '.join(f'{share:.2f}' for share in sorted(shares))})")


if __name__ == "__main__":
    main()
