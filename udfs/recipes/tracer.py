"""Runs in the sandbox behind a function: calls it and prints what each of its lines does to its variables.

Nothing is imported from the project: the text of this file is put behind the code that is traced.
"""

from typing import Any

MARK = "@refinelake-trace "


def _refinelake_plain(value: Any, most: int) -> str:
    import re

    try:
        said = repr(value)
    except Exception as error:
        said = f"<{type(value).__name__} that raises {type(error).__name__}>"
    said = re.sub(r" at 0x[0-9a-fA-F]+", "", said)
    return said if len(said) <= most else said[: most - 3] + "..."


def _refinelake_follow(events: list[Any], most_events: int, most_chars: int) -> Any:
    """A trace function that adds to `events` what is new at each line of the program above."""
    own = _refinelake_plain.__code__
    before: dict[Any, str] = {}

    def follow(frame: Any, event: str, argument: Any) -> Any:
        code = frame.f_code
        below = code.co_firstlineno >= own.co_firstlineno  # this file
        if code.co_filename != own.co_filename or below or len(events) > most_events:
            return None
        shown = {n: _refinelake_plain(v, most_chars) for n, v in frame.f_locals.items() if not n.startswith("__")}
        changed = {n: v for n, v in shown.items() if before.get((id(frame), n)) != v}
        before.update({(id(frame), n): v for n, v in shown.items()})
        told = {"event": event, "line": frame.f_lineno, "function": code.co_name, "changed": changed}
        if event == "return":
            told["value"] = _refinelake_plain(argument, most_chars)
        events.append(told)
        return follow

    return follow


def _refinelake_trace(calls: list[Any], most_events: int, most_chars: int) -> None:
    import json
    import sys

    for number, text in calls:
        events: list[Any] = []
        names = dict(globals())
        found: dict[str, Any] = {"call": number, "events": events}
        sys.settrace(_refinelake_follow(events, most_events, most_chars))
        try:
            value = eval(compile(text, "<call>", "eval"), names)
            sys.settrace(None)
            found["value"] = _refinelake_plain(value, most_chars)
        except Exception as error:
            sys.settrace(None)
            found["raised"] = f"{type(error).__name__}: {error}"[:most_chars]
        found["cut"] = len(events) > most_events
        del events[most_events:]
        print("\n" + MARK + json.dumps(found), flush=True)
