"""What a stage declares: three verbs, no base class to inherit, nothing discovered.

measure  a pure function of one content, computed once per key and kernel version, then stored
decide   a relational statement over narrow tables; only the rows that changed are written
publish  the join of text and decisions that readers use, gated by the contract's expectations

A stage that says how (`Narrow`) takes anew only the keys that a change of its inputs touches; the outcome is the same.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from pyspark.sql import DataFrame

from jobs.runtime.keys import Keys, only
from schemas.contract import Table
from schemas.identity import PROJECT, code_identity

Transform: TypeAlias = Callable[..., DataFrame]


@dataclass(frozen=True)
class NoParams:
    """For a stage without parameters."""


@dataclass(frozen=True)
class Narrow:
    """How a stage takes anew no more than a change of its inputs touches.

    `touched(changed, reads, stored, params)` gives the keys, of column `key` of the written table, of rows that may
    differ.
    `reads(keys, *reads)` gives the part of each input from which exactly the rows of these keys follow, and
    `within(rows, keys)` the rows of the table that are theirs. Where `reads` gives a little more than that, `cuts` says
    that what is decided is to be taken `within` too. `holds(setting)`: whether the parameters in force allow it.
    """

    key: str
    touched: Callable[..., Keys]
    reads: Callable[..., tuple[DataFrame, ...]]
    within: Callable[[DataFrame, Keys], DataFrame] | None = None
    cuts: bool = False
    holds: Callable[[Callable[[type], Any]], bool] = lambda _: True

    def of(self, rows: DataFrame, keys: Keys) -> DataFrame:
        """The rows of the written table, or of what is decided, that are the keys' own."""
        return self.within(rows, keys) if self.within else only(rows, self.key, keys)


@dataclass(frozen=True)
class Measure:
    """`required(*reads, params)` says which keys must be measured; `transform(keys, *texts, params)` measures them.

    The runner keeps only the keys that are not stored at `kernel_version(params)`, and appends the result. Where that
    takes more than one pass, `passes(work, keys, texts, result)` appends it instead, and marks the result as unfinished
    where it left keys out. `version` is what the keys hang on beside the parameters: files that these name.
    """

    name: str
    transform: Transform
    required: Transform
    reads: tuple[Table, ...]
    texts: tuple[Table, ...]
    writes: Table
    kernel_version: Callable[[Any], str]
    params: Any = field(default_factory=NoParams)
    doc: str = ""
    narrow: Narrow | None = None
    passes: Callable[..., None] | None = None
    version: Callable[[Any], str] = lambda _: ""


@dataclass(frozen=True)
class Decide:
    """`transform(*reads, params)` decides about each row of `population(*reads, params)`, by default the kept rows
    of reads[0].

    An iterative transform also gets `fixpoint=`, see jobs/runtime/fixpoint.py. A stage that writes its share of a table
    only names it by `scope`.
    """

    name: str
    transform: Transform
    reads: tuple[Table, ...]
    writes: Table
    params: Any = field(default_factory=NoParams)
    version: Callable[[Any], str] = lambda _: ""
    iterative: bool = False
    scope: str | None = None
    population: Transform | None = None
    narrow: Narrow | None = None


@dataclass(frozen=True)
class Publish:
    """`transform(*reads, params)` gives every column but the text, one row for each of `population(*reads, params)`, by
    default of the kept rows of reads[0]; `with_text(rows, *texts, params)` adds it to changes.
    """

    name: str
    transform: Transform
    with_text: Transform
    reads: tuple[Table, ...]
    texts: tuple[Table, ...]
    writes: Table
    params: Any = field(default_factory=NoParams)
    version: Callable[[Any], str] = lambda _: ""
    population: Transform | None = None
    narrow: Narrow | None = None


Stage: TypeAlias = Measure | Decide | Publish


def code_version(stage: Stage, params: Any, kernels: tuple[str, ...] = ()) -> str:
    """Hash of every project module that the transform can reach, of the kernel or the rules in force, and of the
    kernels of the measures that it reads.
    """
    own = [stage.version(params)]
    if isinstance(stage, Measure):
        own = [stage.kernel_version(params), *filter(None, own)]
    return hashlib.sha256("\0".join((_code(stage.transform), *own, *kernels)).encode()).hexdigest()[:16]


def _code(transform: Transform) -> str:
    """A transform of a notebook or a test counts by its own compiled code: its module may be no file of the project."""
    module = transform.__module__
    if module.split(".")[0] in PROJECT:
        return code_identity(module)
    return repr((module, transform.__code__.co_code, transform.__code__.co_consts))


def params_json(params: Any) -> str:
    return json.dumps(asdict(params), sort_keys=True, default=str)


def signature(stage: Stage, params: Any, code: str, inputs: dict[str, int]) -> str:
    """Identity of a piece of work: same stage, code, parameters and inputs, which are named by the version at which
    their rows were last moved. Never a date.
    """
    parts = [stage.name, code, params_json(params), json.dumps(inputs, sort_keys=True)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def describe_stage(stage: Stage) -> str:
    """For `refinelake stages`: what the stage says of itself, else the first line of its file's docstring."""
    if said := getattr(stage, "doc", ""):
        return str(said)
    module = inspect.getmodule(stage.transform)
    return (inspect.getdoc(module) or stage.name).splitlines()[0]
