"""A page about a warehouse, written where a command says: a file or a URL."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_lake_arguments

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake
    from schemas.contract import Table


def add_page_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """The warehouse, and where the page is written, by default `name`."""
    add_lake_arguments(parser)
    parser.add_argument("--to", default=name, metavar="FILE", help="where to write it: a file or a URL")


def write_page(
    args: argparse.Namespace, kind: str, page: Callable[[Lake], str], of: tuple[Table, ...], first: str
) -> int:
    """Write the page of a warehouse that has one of the tables `of`, as the command `first` makes them.

    Raises ValueError where it has none, and where the page cannot be written.
    """
    from jobs.commands.reports import put
    from jobs.commands.run import open_lake
    from jobs.runtime.places import absolute, check_file
    from jobs.runtime.store_errors import remedy

    target = absolute(args.to)
    check_file(target)  # refused before any work
    args.staging = None
    lake, _ = open_lake(args)
    if all(lake.version(t.name) is None for t in of):
        names = " or ".join(t.name for t in of)
        raise ValueError(f"{lake.warehouse}: expected {names}, found none; run {first} first")
    try:
        put(lake, kind, target, page(lake))
    except OSError as error:
        raise ValueError(f"{target}: expected to write the report, found {remedy(error)}") from error
    print(f"report: {args.to}")
    return 0
