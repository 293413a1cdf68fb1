"""House rules that a reader of one file cannot see: who imports whom, what a transform may call, how long is long."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.flows import FLOWS
from schemas import code, contamination, corpus, documents, instruct, ops, quality, recall, web
from schemas.contract import Table
from schemas.identity import reachable
from udfs.signals import all_signals

ROOT = Path(__file__).parents[1]
LAYERS = ("schemas", "udfs", "jobs", "training")
STAGES = ("jobs/code", "jobs/corpus")
OUR_OWN = {*LAYERS, "notebooks", "tests"}

MAY_IMPORT = {
    "schemas": {"schemas"},
    "udfs": {"schemas", "udfs"},
    "jobs": {"schemas", "udfs", "jobs"},
    "training": {"schemas", "udfs", "training"},
}

UNREPEATABLE = {"rand", "randn", "uuid", "monotonically_increasing_id", "current_timestamp", "now"}
UNREPEATABLE |= {"approx_count_distinct", "approxQuantile", "spark_partition_id", "shuffle", "any_value"}
BEHIND_THE_API = {"rdd", "_jvm", "_jdf", "_jsparkSession", "sparkContext", "toPandas"}
ACTIONS = {"collect", "count", "toLocalIterator", "foreach", "first", "head", "show", "cache", "persist"}
ORDERED_BY = {"sort_array", "array_sort"}
MAY_ACT = {
    "jobs/code/asking.py": "no transform: a request for too much is refused by its count",
    "jobs/code/ingest.py": "ingest is no transform: it decides by counts what to read, write and refuse",
    "jobs/code/removals.py": "sources asked out whole are left out of conditions by name",
    "jobs/code/quality_training.py": "no transform: a scorer is an artifact, made by a command",
    "jobs/corpus/composition.py": "shown to a person: sizes by source and language",
    "jobs/corpus/word_counts.py": "no transform: what it counts is an artifact, made by a command",
    "jobs/code/resolved.py": "shown to a person: ids by source and reason",
    "jobs/corpus/given.py": "no transform, as ingest: it counts what it reads and refuses",
    "jobs/code/taking_out.py": "a part of ingest: the receipt says how many files and texts went",
    "jobs/code/tuning.py": "shown to a person: counts, percentiles and a few examples",
    "jobs/code/what_if.py": "shown to a person: counts by rule set and by rule",
}


DELTA_HOUSE = tuple(
    f"jobs/runtime/{part}.py"
    for part in (
        "tables",
        "saying",
        "logs",
        "commits",
        "versions",
        "migration",
        "lease_row",
        "small_writes",
        "upkeep",
        "purge",
        "typical_work",
    )
)
DELTA_WITHOUT_SPARK = (
    "jobs/runtime/small_writes.py",
    "jobs/runtime/snapshot.py",
    "jobs/runtime/readable.py",
    "training/data/delta.py",
    "training/data/telling.py",
    "udfs/reading/delta.py",
)  # for commands, for training, for what is small
OTHER_DELTAS = ("udfs/calls/events.py",)  # a piece of a stream is a delta too
_LEAK = "jobs/commands/pin_rate.py"  # has a test of its own below
DELTA_SQL = re.compile(
    r"MERGE INTO|DESCRIBE (HISTORY|DETAIL)|VERSION AS OF|\bdelta\.`|^delta$|TBLPROPERTIES|^userMetadata$"
    r"|VACUUM |OPTIMIZE "
)

MAIN = "if __name__ == '__main__':\n    from jobs.cli import stage_main\n    stage_main(STAGE)"
LONG_FILE, LONG_FUNCTION = 250, 40
LONG_FILES = {
    "schemas/code.py": "a list: one contract after the other, no logic",
    "schemas/corpus.py": "a list: one contract after the other, no logic",
    "schemas/instruct.py": "a list: one contract after the other, no logic",
    "schemas/ops.py": "a list: one contract after the other, no logic",
    "schemas/web.py": "a list: one contract after the other, no logic",
    "udfs/reading/tar.py": "one format under five compressions, with its defences, which are read together",
    "udfs/languages/content_rules.py": "a list: how each ambiguous extension is told apart",
    "udfs/languages/detect.py": "one decision from filename to content, in order",
    "udfs/execution/inside.py": "copied into the sandbox as one file, with nothing beside it",
    "training/settings.py": "a list: one section of a run's settings after the other",
}
LONG_FUNCTIONS: dict[str, str] = {}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """(path from the root, syntax tree) of every Python file of the folders."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.AST, lazy: bool = False) -> Iterator[tuple[int, str, bool]]:
    """(line, module, whether inside a function) of every import, those for the type checker and of a script aside."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and re.search("TYPE_CHECKING|__name__ ==", ast.unparse(node.test)):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or ""), lazy
        elif isinstance(node, ast.Call) and _name(node) == "import_module":
            yield from ((node.lineno, str(a.value), lazy) for a in node.args if isinstance(a, ast.Constant))
        inside = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from imports(node, inside)


def wrong_imports(path: str, tree: ast.AST) -> list[str]:
    layer = path.split("/")[0]
    found = []
    for line, module, lazy in imports(tree):
        top = module.split(".")[0]
        wrong = not top or (top in OUR_OWN and top not in MAY_IMPORT[layer])
        if layer == "schemas" and top not in OUR_OWN:
            wrong |= top not in sys.stdlib_module_names and not (top == "pyarrow" and lazy)
        if layer == "training" or (layer == "udfs" and not path.startswith("udfs/spark/")):
            wrong |= top == "pyspark"
        if top in ("delta", "deltalake"):
            wrong |= path not in DELTA_WITHOUT_SPARK
        if wrong:
            found.append(f"{path}:{line} imports {module}")
    return found


def calls(tree: ast.AST, around: tuple[ast.Call, ...] = ()) -> Iterator[tuple[ast.Call, str, tuple[ast.Call, ...]]]:
    """(call, name called, calls it stands inside of), innermost last."""
    for node in ast.iter_child_nodes(tree):
        inside = around
        if isinstance(node, ast.Call):
            yield node, _name(node), around
            inside = (*around, node)
        yield from calls(node, inside)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def impure(path: str, tree: ast.AST) -> list[str]:
    """What a function of a set of rows may not use."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in BEHIND_THE_API:
            found.append(f"{path}:{node.lineno} {node.attr}")
    for call, name, around in calls(tree):
        if name in UNREPEATABLE:
            found.append(f"{path}:{call.lineno} {name}()")
        if name in ("collect_list", "collect_set") and not (around and _name(around[-1]) in ORDERED_BY):
            found.append(f"{path}:{call.lineno} {name} without an order")
        on_functions = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("F", "functions")
        if name in ("first", "last") and on_functions and not (around and _name(around[-1]) == "over"):
            found.append(f"{path}:{call.lineno} {name} outside of an ordered window")
    return found


def acting(path: str, tree: ast.AST) -> list[str]:
    """Calls that carry a plan out: x.collect(), x.count(), but not the aggregate F.count(...)."""
    plain = ((call, name) for call, name, _ in calls(tree) if isinstance(call.func, ast.Attribute))
    return [f"{path}:{c.lineno} .{n}()" for c, n in plain if n in ACTIONS and not c.args]


def configuring(path: str, tree: ast.AST) -> list[str]:
    found = [(call, ast.unparse(call.func)) for call, _, _ in calls(tree) if isinstance(call.func, ast.Attribute)]
    return [f"{path}:{c.lineno} {f}()" for c, f in found if re.search(r"\bconf\.(un)?set$|\.config$", f)]


def speaking_delta(path: str, tree: ast.AST) -> list[str]:
    """Delta's words in strings and keyword names; docstrings and plain prose may say them."""
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    found = [f"{path}:{n.lineno} {n.value[:40]!r}" for n in texts if id(n) not in prose and DELTA_SQL.search(n.value)]
    named = (n for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute)))
    return found + [f"{path}:{n.lineno} DeltaTable" for n in named if ast.unparse(n).endswith("DeltaTable")]


def test_imports_point_one_way() -> None:
    trees = [(path, tree) for path, tree in sources(*LAYERS) if path != _LEAK]
    assert [wrong for path, tree in trees for wrong in wrong_imports(path, tree)] == []


def test_pin_rate_leaves_delta_to_the_snapshot() -> None:
    assert [wrong for path, tree in sources("jobs") if path == _LEAK for wrong in wrong_imports(path, tree)] == []


def test_no_import_leads_to_notebooks_or_tests() -> None:
    assert not [
        (path, module)
        for path, tree in sources(*LAYERS, "notebooks", "docker")
        for _, module, _ in imports(tree)
        if module.split(".")[0] in ("notebooks", "tests")
    ]


def test_one_house_and_two_readers_know_delta() -> None:
    trees = [(p, t) for p, t in sources(*LAYERS) if p not in (*DELTA_HOUSE, *DELTA_WITHOUT_SPARK, *OTHER_DELTAS)]
    assert [word for path, tree in trees for word in speaking_delta(path, tree)] == []


def test_no_decision_hangs_on_the_code_that_reads_and_writes_tables() -> None:
    """Else an edit of it would take every stage anew."""
    names = {s.transform.__module__ for flow in FLOWS for s in flow.stages}
    assert len(names) > 10
    runtime = {"jobs.runtime.session", "jobs.runtime.tables", "jobs.runtime.runner", "jobs.runtime.lease"}
    assert {name: found for name in names if (found := reachable(name) & runtime)} == {}


def test_a_transform_is_a_function_of_its_input_set() -> None:
    assert [use for path, tree in sources(*STAGES) for use in impure(path, tree)] == []


def test_a_transform_carries_no_plan_out() -> None:
    trees = list(sources(*STAGES))
    assert [use for path, tree in trees if path not in MAY_ACT for use in acting(path, tree)] == []
    assert all(acting(path, tree) for path, tree in trees if path in MAY_ACT), (
        "an exception that is not needed any more"
    )


def test_only_the_house_of_delta_sets_spark_settings() -> None:
    assert [use for path, tree in sources(*LAYERS) if path not in DELTA_HOUSE for use in configuring(path, tree)] == []


@pytest.mark.parametrize(
    ("check", "path", "source"),
    [
        (wrong_imports, "schemas/x.py", "import pyarrow"),
        (wrong_imports, "schemas/x.py", "from udfs import rules"),
        (wrong_imports, "schemas/x.py", "def f():\n    import numpy"),
        (wrong_imports, "schemas/x.py", "from . import y"),
        (wrong_imports, "udfs/x.py", "def f():\n    from pyspark.sql import Row"),
        (wrong_imports, "udfs/x.py", "from jobs.runtime import stage"),
        (wrong_imports, "training/x.py", "import pyspark.sql"),
        (wrong_imports, "training/x.py", "if True:\n    import jobs.code"),
        (wrong_imports, "training/x.py", "importlib.import_module('pyspark')"),
        (wrong_imports, "jobs/x.py", "import training.data"),
        (wrong_imports, "jobs/x.py", "from deltalake import DeltaTable"),
        (speaking_delta, "jobs/x.py", "spark.sql(f'MERGE INTO {x}')"),
        (speaking_delta, "jobs/x.py", "rows.write.format('delta')"),
        (speaking_delta, "jobs/x.py", "DeltaTable.forPath(spark, place)"),
        (impure, "x.py", "rows.withColumn('r', F.rand())"),
        (impure, "x.py", "rows.orderBy(rand())"),
        (impure, "x.py", "F.current_timestamp()"),
        (impure, "x.py", "datetime.now(UTC)"),
        (impure, "x.py", "rows.rdd.map(f)"),
        (impure, "x.py", "rows._jdf"),
        (impure, "x.py", "rows.toPandas()"),
        (impure, "x.py", "F.collect_list('a')"),
        (impure, "x.py", "F.sort_array(F.concat(F.collect_list('a')))"),
        (impure, "x.py", "F.first('a')"),
        (acting, "x.py", "rows.where('keep').collect()"),
        (acting, "x.py", "if rows.count(): pass"),
        (configuring, "x.py", "spark.conf.set('a', 'b')"),
        (configuring, "x.py", "SparkSession.builder.config('a', 'b')"),
    ],
)
def test_each_rule_sees_its_breach(check: Callable[[str, ast.AST], list[str]], path: str, source: str) -> None:
    assert len(check(path, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("check", "path", "source"),
    [
        (wrong_imports, "schemas/x.py", "def f():\n    import pyarrow as pa"),
        (wrong_imports, "schemas/x.py", "if TYPE_CHECKING:\n    import pyarrow as pa"),
        (wrong_imports, "udfs/spark/x.py", "from pyspark.sql import DataFrame"),
        (wrong_imports, "jobs/runtime/snapshot.py", "from deltalake import DeltaTable"),
        (speaking_delta, "jobs/x.py", '"""Tables are Delta; MERGE INTO is said elsewhere."""'),
        (impure, "x.py", "F.sort_array(F.collect_list('a'))"),
        (impure, "x.py", "F.first('a').over(window)"),
        (acting, "x.py", "F.count(F.lit(1))"),
        (configuring, "x.py", "argparse.set_defaults(a=1)"),
    ],
)
def test_no_rule_forbids_what_is_allowed(check: Callable[[str, ast.AST], list[str]], path: str, source: str) -> None:
    assert check(path, ast.parse(source)) == []


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(tree: ast.AST, known: set[str]) -> set[str]:
    """Modules of the project that a file imports, at its top, in a function, or by a name that it hands on."""
    found = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)} & known
    scripts = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "__name__ ==" in ast.unparse(n.test)]
    checked = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    aside = {id(n) for each in (*scripts, *checked) for n in ast.walk(each)}
    for node in (n for n in ast.walk(tree) if id(n) not in aside):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names} & known
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{a.name}" for a in node.names}
            found |= inner & known or {node.module} & known
    return found


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Groups of nodes that reach each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(arrows[start])
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += arrows[node]
        return seen

    reach = {node: reached(node) for node in arrows}
    return [{n, *(m for m in reach[n] if n in reach[m])} for n in arrows if n in reach[n]]


def arrows_of_files() -> dict[str, set[str]]:
    trees = {module_of(path): tree for path, tree in sources(*LAYERS)}
    return {name: imported(tree, set(trees)) - {name} for name, tree in trees.items()}


def test_imports_run_downwards_only() -> None:
    assert circles(arrows_of_files()) == []


def test_rooms_stand_on_floors() -> None:
    """udfs/reading, udfs/signals and so on as wholes: no room needs one that needs it."""
    rooms: dict[str, set[str]] = {}
    for name, needs in arrows_of_files().items():
        parts = name.split(".")
        if parts[0] == "udfs" and len(parts) > 2:
            mine = {n.split(".")[1] for n in needs if n.startswith("udfs.") and n != "udfs"}
            rooms.setdefault(parts[1], set()).update(mine - {parts[1]})
    rooms |= {room: set() for needs in list(rooms.values()) for room in needs if room not in rooms}
    assert circles(rooms) == []
    assert sum(len(needs) for room, needs in rooms.items() if room != "spark") <= 19


def test_the_runtime_knows_no_stage() -> None:
    above = {
        n: {m for m in needs if m.startswith("jobs.") and not m.startswith("jobs.runtime")}
        for n, needs in arrows_of_files().items()
        if n.startswith("jobs.runtime")
    }
    assert {n: m for n, m in above.items() if m} == {}


@pytest.mark.parametrize("source", ["from jobs import cli", "def f():\n    import jobs.cli", "X = {'a': 'jobs.cli'}"])
def test_a_hidden_import_is_seen(source: str) -> None:
    assert imported(ast.parse(source), {"jobs.cli"}) == {"jobs.cli"}
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}] * 3


def flow_names(folder: str) -> list[str]:
    """Stage modules in the order of the flow, by its source."""
    tree = ast.parse((ROOT / folder / "flow.py").read_text(encoding="utf-8"))
    values = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "STAGES"]
    return [ast.unparse(e).removesuffix(".STAGE") for e in values[0].elts]  # type: ignore[attr-defined]


def declared_stage(tree: ast.Module) -> ast.Call | None:
    named = (n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "STAGE")
    return next((v for v in named if isinstance(v, ast.Call)), None)


@pytest.mark.parametrize(("folder", "name"), [(folder, name) for folder in STAGES for name in flow_names(folder)])
def test_a_stage_file_is_docstring_transform_declaration_and_main(folder: str, name: str) -> None:
    tree = ast.parse((ROOT / folder / f"{name}.py").read_text(encoding="utf-8"))
    assert f"spark-submit {folder}/{name}.py --warehouse DIR" in (ast.get_docstring(tree) or "")
    stage = declared_stage(tree)
    assert stage is not None and ast.literal_eval(stage.args[0]) == name
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    assert ast.unparse(stage.args[1]) == name and name in functions, "the transform is called as its stage"
    assert ast.unparse(tree.body[-1]) == MAIN


def test_no_file_beside_the_stages_hides_a_package() -> None:
    """spark-submit puts a stage's folder first on the path: a file tokenizers.py there would be the library."""
    assert [path for path, _ in sources(*STAGES) if find_spec(Path(path).stem) and Path(path).stem != "__init__"] == []


def test_every_declared_stage_is_in_the_flow() -> None:
    for folder in STAGES:
        declared = {Path(path).stem for path, tree in sources(folder) if declared_stage(tree)}
        assert declared == set(flow_names(folder))


def contracts() -> list[Table]:
    modules = (code, corpus, instruct, ops, quality, recall, web)
    declared = [
        v for m in modules for n, v in vars(m).items() if isinstance(v, Table) and (m is code or n != "FINGERPRINTS")
    ]
    signals = code.signals_table((s.name, "double", s.doc) for s in all_signals())
    declared += [*contamination.TABLES, *documents.TABLES]
    return [*declared, signals, web.web_signals_table(signals)]


def test_every_table_and_column_is_explained_in_a_sentence() -> None:
    tables = contracts()
    assert [t.name for t in tables if not t.doc.endswith(".")] == []
    assert [f"{t.name}.{c.name}" for t in tables for c in t.columns if not c.doc.endswith(".")] == []


def test_every_table_is_named_once_and_made_from_known_ones() -> None:
    tables = contracts()
    names = [t.name for t in tables]
    assert sorted(set(names)) == sorted(names)
    assert {m for t in tables for m in t.made_from} <= set(names)
    assert [t.name for t in tables for c in t.key if t.column(c).nullable and t.name != "cleaned_texts"] == []


def too_long() -> tuple[set[str], set[str]]:
    files, functions = set(), set()
    for path, tree in sources(*LAYERS):
        if len((ROOT / path).read_text(encoding="utf-8").splitlines()) > LONG_FILE:
            files.add(path)
        for node in ast.walk(tree):
            is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if is_function and node.end_lineno - node.lineno + 1 > LONG_FUNCTION:
                functions.add(f"{path}:{node.name}")
    return files, functions


def test_long_files_and_functions_are_those_we_know_of() -> None:
    files, functions = too_long()
    assert files - set(LONG_FILES) == set(), f"over {LONG_FILE} lines: split by subject, or give a reason here"
    assert functions - set(LONG_FUNCTIONS) == set(), (
        f"over {LONG_FUNCTION} lines: name its parts, or give a reason here"
    )
    assert set(LONG_FILES) <= files and set(LONG_FUNCTIONS) <= functions, "short again: take it off the list"
