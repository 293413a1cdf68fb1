"""Arguments that several commands take."""

from __future__ import annotations

import argparse


def add_run_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Arguments that every command which runs stages takes."""
    parser.add_argument("--warehouse", required=required, help="location of the Delta tables: a folder or a URL")
    parser.add_argument("--params", metavar="FILE", help="TOML file of parameters, see docs/parameters.md")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one parameter, over the file's"
    )
