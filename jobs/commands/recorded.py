"""The parameters that the last runs recorded: a command without a manifest decides by what is in force."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake


def recorded_settings(lake: Lake) -> list[str]:
    """`SECTION.NAME=VALUE` of every parameter that the newest run of its stage had other than by default."""
    from jobs.code.parameters import Ingest
    from jobs.corpus.given import NAME
    from jobs.corpus.parameters import Instructions
    from jobs.flows import FLOWS, SECTIONS
    from jobs.runtime.accounting import finished_work
    from jobs.web.parameters import WebIngest

    section_of = {cls: name for name, cls in SECTIONS.items()}
    kinds = {s.name: type(s.params) for flow in FLOWS for s in flow.stages} | {
        "ingest": Ingest,
        "web_ingest": WebIngest,
        NAME: Instructions,
    }
    done = sorted(finished_work(lake).values(), key=lambda result: result.finished_at)
    found: dict[str, str] = {}
    for result in done:
        kind = kinds.get(result.stage)
        if kind not in section_of or not result.params:
            continue
        usual = json.loads(json.dumps(asdict(kind()), default=str))
        for name, value in json.loads(result.params).items():
            where = f"{section_of[kind]}.{name}"
            found.pop(where, None)
            if name in usual and value != usual[name]:
                found[where] = f"{where}={_toml(value)}"
    return list(found.values())


def _toml(value: Any) -> str:
    """A value as --set reads it: TOML, which is JSON but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
