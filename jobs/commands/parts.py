"""Commands that have parts, each a file of its own: `refinelake web run` is jobs/commands/web_run.py."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def add_parts(parser: argparse.ArgumentParser, command: str, parts: Mapping[str, str]) -> None:
    """A parser for each part (name -> doc) of a command."""
    found = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name, doc in parts.items():
        _module(command, name).add_arguments(found.add_parser(name, help=doc, description=doc))


def work_of(command: str, args: argparse.Namespace) -> int:
    """Carry out the part that was asked for. Returns its exit code."""
    return int(_module(command, args.part).work(args))


def _module(command: str, part: str) -> Any:
    return import_module(f"jobs.commands.{command}_{part}")
