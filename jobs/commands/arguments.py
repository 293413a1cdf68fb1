"""Arguments that several commands take."""

from __future__ import annotations

import argparse


def add_lake_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Where the tables are, and the parameters in force."""
    parser.add_argument("--warehouse", required=required, help="location of the Delta tables: a folder or a URL")
    parser.add_argument("--params", metavar="FILE", help="TOML file of parameters, see docs/parameters.md")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one parameter, over the file's"
    )


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that every command which runs stages takes."""
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument(
        "--audit", action="store_true", help="compare every row of every stage, and not only what a change touches"
    )


def add_writing_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every command that writes tables."""
    parser.add_argument(
        "--staging", metavar="URL", help="where rows are set aside while a run works (default: WAREHOUSE/_staging)"
    )
    parser.add_argument(
        "--break-lock",
        action="store_true",
        help="take the warehouse over from a run that is dead; without it that takes 15 minutes",
    )
