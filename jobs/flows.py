"""All flows side by side: which flow a stage is of, every table of a release, every section of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.code import flow as code
from jobs.code import parameters as code_parameters
from jobs.code.parameters import RepositoryText
from jobs.code.pinned_scorer import with_scorer
from jobs.corpus import flow as corpus
from jobs.corpus import parameters as corpus_parameters
from jobs.corpus.parameters import InstructionDedup
from jobs.instruct import flow as instruct
from jobs.instruct import parameters as instruct_parameters
from jobs.runtime.parameters import Releases
from jobs.runtime.stage import Stage
from jobs.web import flow as web
from jobs.web import parameters as web_parameters
from jobs.web.pinned import pinned_models, pinned_text_model
from schemas import ops
from schemas.contract import Table


@dataclass(frozen=True)
class Flow:
    """A list of stages, the title that documents give it, the command that carries it out, and what that reads first
    (name, from where, to which tables). `pinned` adds to the parameters in force what a warehouse has pinned itself.
    `extra` is the extra of refinelake (setup.cfg) that its kernels need, on workers too; empty where they need none.
    """

    title: str
    command: str
    before: tuple[str, str, str]
    stages: tuple[Stage, ...]
    tables: tuple[Table, ...]
    pinned: Callable[[Any, dict[type, Any]], dict[type, Any]] = lambda lake, params: params
    extra: str = ""

    def extras(self, params: dict[type, Any]) -> tuple[str, ...]:
        """Extras that its kernels need with these parameters: a classifier of text files is one of the web's, an
        encoder of sentences runs in torch.
        """
        text, alike = params.get(RepositoryText), params.get(InstructionDedup)
        also = WEB.extra if self is CODE and text and text.by_model else ""
        torch = "train" if self is CORPUS and alike and alike.embeddings else ""
        return tuple(e for e in (self.extra, also, torch) if e)


CODE = Flow(
    "The raw-code half",
    "refinelake run",
    ("ingest", "sources", "repositories, raw_files, contents, rejects"),
    code.STAGES,
    code.TABLES,
    lambda lake, params: with_scorer(lake, pinned_text_model(lake, params)),
)
WEB = Flow(
    "Recall of web pages",
    "refinelake web run",
    ("web_ingest", "sources", "web_pages, page_texts, web_places, rejects"),
    web.STAGES,
    web.TABLES,
    pinned_models,
    extra="web",
)
INSTRUCT = Flow(
    "Synthetic and instruction data",
    "refinelake instruct run",
    ("given_seeds", "recipes.tables, recipes.packages, recipes.histories", "given_seeds, commit_files, rejects"),
    instruct.STAGES,
    instruct.TABLES,
    instruct_parameters.of_lake,
    extra="instruct",
)
CORPUS = Flow(
    "From the corpus to token tables",
    "refinelake tokens",
    ("given_instructions", "instructions.tables", "given_instructions, rejects"),
    corpus.STAGES,
    corpus.TABLES,
    extra="tokens",
)
FLOWS = (CODE, WEB, INSTRUCT, CORPUS)
TABLES: tuple[Table, ...] = tuple(table for flow in FLOWS for table in flow.tables)
SECTIONS: dict[str, type] = {
    **code_parameters.SECTIONS,
    **web_parameters.SECTIONS,
    **instruct_parameters.SECTIONS,
    **corpus_parameters.SECTIONS,
    "releases": Releases,
}


def flow_of(stage: str) -> Flow:
    """The flow that a stage is part of."""
    return next(flow for flow in FLOWS if stage in {s.name for s in flow.stages})


def every_table(only: str | None = None) -> tuple[Table, ...]:
    """Every table of a warehouse, those of operations included, or those of a list `NAME,...`. Raises ValueError."""
    known = {t.name: t for t in (*TABLES, *ops.TABLES)}
    wanted = list(known) if only is None else only.split(",")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"--only: expected tables, found {', '.join(unknown)}; known: {', '.join(known)}")
    return tuple(known[name] for name in wanted)
