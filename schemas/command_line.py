"""Commands by name, each in a module of its own that is imported only when it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module


def parsed(
    prog: str, description: str, commands: Mapping[str, tuple[str, str]], given: Sequence[str]
) -> argparse.Namespace:
    """The arguments of the command asked for, with its function as `work`; `commands` are {name: (module, doc)}.

    A module has add_arguments(parser) and work(arguments) -> exit code. Usage errors end the process, as argparse does.
    """
    parser = argparse.ArgumentParser(prog=prog, description=description)
    choices = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = next((word for word in given if not word.startswith("-")), None)
    for name, (module, doc) in commands.items():
        choice = choices.add_parser(name, help=doc, description=doc)
        if name == wanted:
            command = import_module(module)
            command.add_arguments(choice)
            choice.set_defaults(work=command.work)
    return parser.parse_args(given)


def parser_of(module: str) -> argparse.ArgumentParser:
    """The parser of the command in a module."""
    parser = argparse.ArgumentParser(module.rpartition(".")[2])
    import_module(module).add_arguments(parser)
    return parser


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The options that a command takes, long and short."""
    return {option for action in parser._actions for option in action.option_strings}
