"""From code_corpus to token tables by the two commands, over one small warehouse that holds an earlier state already.

Stage runs are what costs, so the one run is a refresh. The earlier state and the rebuild it is compared with are the
stages' pure transforms over rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.cli import exit_code
from jobs.commands.tokenizer import RECORD_FILE
from jobs.corpus import (
    benchmark_hits,
    contamination,
    instruction_decisions,
    instruction_fingerprints,
    instruction_groups,
    instruction_pairs,
    instruction_parts,
    instructions,
    pretrain_docs,
    pretrain_tokens,
    sft_stage1,
    sft_stage2,
    sft_tokens,
)
from jobs.corpus.composition import compositions
from jobs.corpus.document_tokens import with_tokens
from jobs.corpus.flow import STAGES, TABLES
from jobs.corpus.given import table_rows
from jobs.corpus.parameters import Contamination, InstructionDedup, Instructions, Sft, Tokens
from jobs.corpus.tokenizer_sample import TokenizerSample, drawn, quotas
from jobs.runtime import quality, releases
from jobs.runtime.accounting import append_rows
from jobs.runtime.frames import OP, align, changes
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.stage import NoParams
from jobs.runtime.tables import Lake
from schemas import corpus, documents
from schemas.code import CODE_CORPUS
from schemas.contamination import BENCHMARK_HITS, CONTAMINATION
from schemas.contract import Table
from schemas.instruct import COMMIT_FILES, MADE_DECISIONS, POPULATION, SEED_PARTS, THREADS
from schemas.ops import REJECTS, RUNS
from schemas.web import WEB_CORPUS
from tests.jobs.pipeline import contents_of, plain_rows
from tests.jobs.rows import decide, fixpoint, frame
from training.data.opening import open_table
from udfs.spark.corpus import given_rows
from udfs.tokens.fim import Fim
from udfs.tokens.heldout import is_held_out
from udfs.tokens.tokenizer import TextTokenizer

SHARE = 0.4
HELD = next(name for name in (f"org/repo{n}" for n in range(50)) if is_held_out(name, SHARE))
OURS = [name for name in (f"org/repo{n}" for n in range(50)) if not is_held_out(name, SHARE)][:3]
FORGED = 'END = "<|im_end|>"\nSEPARATOR = "<|endoftext|><|fim_middle|>"\n'
COPIED = '"""The ways in which a text is greeted, here and elsewhere."""\n\n' + "".join(
    f"x{n} = {n}\n" for n in range(9)
)
SHARED = 'def shared(x):\n    """Double the value that is given as x."""\n    return 2 * x\n'


def document(repo: str, number: int, text: str, language: str = "python") -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    size = len(text.encode())
    about = {
        "clean_id": digest,
        "file_id": hashlib.sha256(f"{repo}{number}".encode()).hexdigest(),
        "content_id": digest,
    }
    about |= {"language": language, "kind": "code", "repo_id": repo, "repo": repo, "path": f"{number}.py"}
    about |= {"licences": None, "commit_time": datetime(2024, 1, 1, tzinfo=UTC), "raw_bytes": size}
    return about | {"text_bytes": size, "run_id": "made", "text": text}


def function(name: str, n: int) -> str:
    doc = f'"""Return the sum of x and {n}, by the rules of {name.replace("/", " ")}."""'
    return f"def add_{n}(x):\n    {doc}\n    return x + {n}\n"


DOCUMENTS = [document(repo, n, function(repo, n)) for repo in (*OURS, HELD) for n in range(6)]
DOCUMENTS += [document(OURS[0], 90, FORGED), document(OURS[0], 91, COPIED), document(OURS[1], 92, SHARED)]
# Cleaning changed this text, and another run than that of the others wrote it.
DOCUMENTS[0] |= {"content_id": hashlib.sha256(b"as found").hexdigest(), "run_id": "later"}
DOCUMENTS += [document(HELD, 93, SHARED + "\n# a copy\n"), document(OURS[2], 94, "int main() {}\n" * 9, "c")]


def page(domain: str | None, text: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(text.encode()).hexdigest(), len(text)
    about = dict.fromkeys(WEB_CORPUS.names) | {"clean_id": digest, "content_id": digest, "page_id": digest}
    about |= {"tag": "Code", "tags": ["Code"], "domain": domain, "round": 1, "why": "classifier", "licences": []}
    about |= {"no_index": False, "no_ai": False, "code_bytes": 0, "natural_language": "en", "text_bytes": size}
    return about | {"run_id": "made", "text": text}


PAGES = [page("a.example", "How to add two numbers in C."), page(HELD, "How to add three."), page(None, "No address.")]
PAGES += [page("b.example", DOCUMENTS[3]["text"])]
"""The last is the text of a document of code."""
GIVEN = [
    {"instruction": "Add two numbers.", "output": "def add(a, b):\n    return a + b", "language": "python"},
    {"instruction": "Add two numbers.", "output": "def add(a, b):\n    return a + b", "language": "python"},
    {"question": "Held out?", "answer": "That is for the repository to say.", "repo": HELD},
    {"messages": [{"role": "robot", "content": "q"}, {"role": "assistant", "content": "a"}]},
    {"instruction": "No answer."},
    {"instruction": "Say yes.", "output": "yes"},
]


BEFORE = [document(OURS[0], 95, function("gone", 95)), DOCUMENTS[18] | {"repo": OURS[0]}]
BEFORE += [d for n, d in enumerate(DOCUMENTS) if n not in (0, 18)]
"""Earlier: one document that is gone now, one that stood in another repository; the first of all was not there yet."""


@dataclass(frozen=True)
class Made:
    """The warehouse after both commands."""

    lake: Lake
    folder: Path
    tokenizer: TextTokenizer
    given: str

    def rows(self, table: Any) -> list[dict[str, Any]]:
        return contents_of(self.lake, table)

    def params(self, **over: Any) -> Tokens:
        return Tokens(**{"tokenizer": str(self.folder / "tokenizer"), "held_out": SHARE} | over)


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("corpus")
    lake = Lake(spark, str(folder / "warehouse"))
    append_rows(lake, CODE_CORPUS, BEFORE)
    append_rows(lake, WEB_CORPUS, PAGES)
    releases.name_versions(lake, "made", (CODE_CORPUS,))
    given = folder / "given.jsonl"
    given.write_text("\n".join(map(json.dumps, GIVEN)) + "\n{not json\n", encoding="utf-8")
    common = ("--warehouse", lake.warehouse, "--set", f"tokens.held_out={SHARE}")
    place = str(folder / "tokenizer")
    trained = ["tokenizer", *common, "--to", place, "--vocabulary", "400", "--mb", "0.003", "--fim"]
    assert exit_code([*trained, "--set", "tokenizer_sample.max_share=0.9"]) == 0
    lake.ensure(corpus.GIVEN_INSTRUCTIONS)
    for table, rows in built(lake, Tokens(place, SHARE), BEFORE):
        lake.ensure(table)
        lake.append(table, align(table, rows), {})
    old = spark.createDataFrame([(d["clean_id"],) for d in BEFORE[:2]], "clean_id string")
    lake.delete(CODE_CORPUS, old, {})
    append_rows(lake, CODE_CORPUS, [DOCUMENTS[0], DOCUMENTS[18]])
    tables = f"instructions.tables={{{json.dumps(str(given))} = 1}}"
    page = str(folder / "data_report.html")
    assert exit_code(["tokens", *common, "--tokenizer", place, "--set", tables, "--report", page]) == 0
    yield Made(Lake(spark, lake.warehouse), folder, TextTokenizer.read(place), str(given))


def built(lake: Lake, p: Tokens, documents: list[dict[str, Any]]) -> Iterator[tuple[Table, DataFrame]]:
    """Every table's rows as a build from scratch makes them of these documents and the given rows that are stored."""
    given, texts = lake.read(corpus.GIVEN_INSTRUCTIONS), frame(lake.spark, CODE_CORPUS, documents)
    pages = frame(lake.spark, WEB_CORPUS, PAGES)
    parts = instruction_parts.instruction_parts(texts.select("clean_id", "language"), texts, NoParams())
    version = instruction_parts.STAGE.kernel_version(NoParams())
    parts = lake.stage(parts.withColumn("kernel_version", F.lit(version)), "built", "parts")
    yield corpus.INSTRUCTION_PARTS, parts
    nothing = {
        t.name: frame(lake.spark, t, []) for t in (MADE_DECISIONS, SEED_PARTS, POPULATION, THREADS, COMMIT_FILES)
    }
    found = (parts, given, nothing[MADE_DECISIONS.name])
    p_dedup = InstructionDedup()
    keys = instruction_fingerprints.required(*found, p_dedup)
    prints = instruction_fingerprints.instruction_fingerprints(keys, parts, given, nothing[THREADS.name], p_dedup)
    given_by_the_runner = {"kernel_version": F.lit(p_dedup.version()), "failure": F.lit(None).cast("string")}
    prints = prints.withColumns(given_by_the_runner)
    prints = lake.stage(align(corpus.INSTRUCTION_FINGERPRINTS, prints), "built", "prints")
    yield corpus.INSTRUCTION_FINGERPRINTS, prints
    pairs = lake.stage(instruction_pairs.instruction_pairs(prints, *found, p_dedup), "built", "pairs")
    yield corpus.INSTRUCTION_PAIRS, pairs
    none = frame(lake.spark, corpus.INSTRUCTION_NEIGHBOURS, [])
    groups = instruction_groups.instruction_groups(pairs, none, prints, *found, p_dedup, fixpoint)
    groups = lake.stage(groups, "built", "groups")
    yield corpus.INSTRUCTION_GROUPS, groups
    of_recipes = (*(nothing[t.name] for t in (MADE_DECISIONS, SEED_PARTS, POPULATION)), pages)
    of_recipes = (*of_recipes, nothing[COMMIT_FILES.name], groups)
    decided = instruction_decisions.instruction_decisions(parts, given, texts, *of_recipes, Instructions())
    decided = lake.stage(decided, "built", "decisions")
    yield corpus.INSTRUCTION_DECISIONS, decided
    talks = instructions.with_messages(instructions.instructions(decided, p), parts, given, nothing[THREADS.name], p)
    talks = lake.stage(talks.withColumn("run_id", F.lit("built")), "built", "instructions")
    yield corpus.INSTRUCTIONS, talks
    yield from at_the_end(lake, p, texts, pages, talks)


def at_the_end(
    lake: Lake, p: Tokens, texts: DataFrame, pages: DataFrame, talks: DataFrame
) -> Iterator[tuple[Table, DataFrame]]:
    """What is made of corpora and instructions: no copies, documents, stages, ids."""

    def staged(table: Table, rows: DataFrame) -> DataFrame:
        given_by_the_runner = {"run_id": F.lit("built")} if "run_id" in table.names else {}
        return lake.stage(align(table, rows.withColumns(given_by_the_runner)), "built", table.name)

    made_texts = {t.name: frame(lake.spark, t, []) for t in benchmark_hits.SEARCHED}
    made_texts |= {CODE_CORPUS.name: texts, WEB_CORPUS.name: pages, corpus.INSTRUCTIONS.name: talks}
    searched, asked = tuple(made_texts.values()), Contamination()
    hits = benchmark_hits.benchmark_hits(benchmark_hits.required(*searched, asked), *searched, asked)
    of_kernel = {"kernel_version": F.lit(benchmark_hits.STAGE.kernel_version(asked)), "failure": F.lit(None)}
    hits = staged(BENCHMARK_HITS, hits.withColumns(of_kernel))
    yield BENCHMARK_HITS, hits
    clean = staged(CONTAMINATION, contamination.contamination(hits, *searched, asked))
    yield CONTAMINATION, clean
    rows = pretrain_docs.pretrain_docs(texts, pages, clean, p)
    docs = staged(documents.PRETRAIN_DOCS, pretrain_docs.with_text(rows, texts, pages, p))
    yield documents.PRETRAIN_DOCS, docs
    first, second = (
        staged(table, stage.STAGE.with_text(stage.STAGE.transform(talks, clean, Sft()), talks, Sft()))
        for table, stage in ((documents.SFT_STAGE1, sft_stage1), (documents.SFT_STAGE2, sft_stage2))
    )
    yield from ((documents.SFT_STAGE1, first), (documents.SFT_STAGE2, second))
    yield corpus.PRETRAIN_TOKENS, with_tokens(pretrain_tokens.pretrain_tokens(docs, p), docs, p)
    yield corpus.SFT_TOKENS, sft_tokens.with_tokens(sft_tokens.sft_tokens(first, second, p), first, second, p)


def held(rows: list[dict[str, Any]]) -> set[str]:
    return {row["content_id"] for row in rows if row["held_out"]}


def test_the_record_says_what_the_tokenizer_was_trained_on(made: Made) -> None:
    record = json.loads((made.folder / "tokenizer" / RECORD_FILE).read_text(encoding="utf-8"))
    assert record["hash"] == made.tokenizer.hash and made.tokenizer.size == record["vocabulary"] <= 400
    assert (record["table"], record["version"], record["release"], record["held_out"]) == ("code_corpus", 1, 1, SHARE)
    assert 0 < record["sample_bytes"] <= 3000 and sum(record["shares"].values()) == pytest.approx(1, abs=1e-4)
    assert set(record["bytes_per_token"]) == {"python"} and record["bytes_per_token"]["python"] > 1
    assert made.tokenizer.id("<|fim_middle|>") > 0
    assert exit_code(["tokenizer", "--warehouse", made.lake.warehouse, "--to", str(made.folder / "tokenizer")]) == 2


def test_no_held_out_repository_is_in_the_tokenizer_sample(made: Made) -> None:
    """The record's hash is over the ids that the command trained on. Its sample has room for all texts but those held
    out, so these ids are known here without a draw.
    """
    record = json.loads((made.folder / "tokenizer" / RECORD_FILE).read_text(encoding="utf-8"))
    ours = {d["clean_id"]: d["text_bytes"] for d in BEFORE if d["repo"] != HELD}
    assert len(ours) < len(BEFORE) and sum(ours.values()) < sum(d["text_bytes"] for d in BEFORE) <= 3000
    assert (record["sample_texts"], record["sample_bytes"]) == (len(ours), sum(ours.values()))
    assert record["sample_sha256"] == hashlib.sha256("".join(sorted(ours)).encode()).hexdigest()


def test_a_draw_is_bounded_and_the_order_of_rows_does_not_matter(spark: SparkSession) -> None:
    rows = frame(spark, CODE_CORPUS, DOCUMENTS).select("clean_id", "language", "text_bytes")
    sizes = {
        "python": sum(d["text_bytes"] for d in DOCUMENTS if d["language"] == "python"),
        "c": sum(d["text_bytes"] for d in DOCUMENTS if d["language"] == "c"),
    }
    wanted = quotas(sizes, 1000, 0.9)
    found = drawn(rows, sizes, wanted, TokenizerSample().seed).collect()
    chosen = {r["clean_id"]: r["text_bytes"] for r in found}
    assert 500 < sum(chosen.values()) <= 1000
    again = drawn(rows.orderBy("text_bytes", "clean_id").repartition(3), sizes, wanted, TokenizerSample().seed)
    assert {r["clean_id"] for r in again.collect()} == set(chosen)


def test_every_document_is_there_once_as_its_tokens(made: Made) -> None:
    rows = {row["content_id"]: row for row in made.rows(corpus.PRETRAIN_TOKENS)}
    assert set(rows) == {d["clean_id"] for d in (*DOCUMENTS, *PAGES)}
    for one in DOCUMENTS:
        row = rows[one["clean_id"]]
        assert row["tokens"] == made.tokenizer.encode([one["text"]])[0] and row["n_tokens"] == len(row["tokens"])
        assert (row["language"], row["source"], row["chunk"]) == (one["language"], "code", 0)
        assert (row["fim"], row["tokenizer_hash"]) == ("off", made.tokenizer.hash)
    special = {made.tokenizer.id(token) for token in made.tokenizer.special.tokens()}
    assert special.isdisjoint(rows[DOCUMENTS[24]["clean_id"]]["tokens"]) and DOCUMENTS[24]["text"] == FORGED


def test_exactly_the_held_out_repositories_are_marked_and_training_refuses_them(made: Made) -> None:
    expected = {d["clean_id"] for d in (*DOCUMENTS, PAGES[1]) if HELD in (d.get("repo"), d.get("domain"))}
    assert held(made.rows(corpus.PRETRAIN_TOKENS)) == expected
    place, version = made.lake.location("pretrain_tokens"), made.lake.version("pretrain_tokens")
    with pytest.raises(ValueError, match="expected no held-out rows in training"):
        list(open_table(place, version).batches(made.tokenizer.hash))
    left = open_table(place, version, "leave_out").batches(made.tokenizer.hash)
    read = {row["content_id"] for batch in left for row in batch.to_pylist()}
    assert read == {d["clean_id"] for d in (*DOCUMENTS, *PAGES)} - expected


def test_instructions_of_functions_descriptions_and_tables(made: Made) -> None:
    rows = made.rows(corpus.INSTRUCTIONS)
    counted = {
        (k, s): sum((r["kind"], r["stage"]) == (k, s) for r in rows) for k, s in {(r["kind"], r["stage"]) for r in rows}
    }
    assert counted == {("docstring", 2): 25, ("summary", 1): 1, ("table", 1): 2}
    summary = next(r for r in rows if r["kind"] == "summary")
    assert summary["messages"][1]["content"] == "The ways in which a text is greeted, here and elsewhere."
    table = [r for r in rows if r["kind"] == "table"]
    assert {r["source"] for r in table} == {"given"} and {r["origin"] for r in table} == {made.given}
    decisions = made.rows(corpus.INSTRUCTION_DECISIONS)
    assert {r["rule"] for d in decisions for r in d["reasons"]} == {"duplicate", "answer_too_short"}


def test_an_instruction_is_held_out_with_any_of_its_copies(made: Made) -> None:
    rows = made.rows(corpus.INSTRUCTIONS)
    held_out = {r["instruction_id"] for r in rows if r["held_out"]}
    shared = next(r for r in rows if "shared" in r["messages"][1]["content"])
    assert shared["held_out"] and len(held_out) == 6 + 1 + 1, (
        "its functions, the shared one, the given row that names it"
    )
    assert held(made.rows(corpus.SFT_TOKENS)) == held_out


def test_conversations_are_tokenised_with_their_masks(made: Made) -> None:
    talks = {r["instruction_id"]: r for r in made.rows(corpus.INSTRUCTIONS)}
    rows = made.rows(corpus.SFT_TOKENS)
    assert {r["content_id"] for r in rows} == set(talks)
    for row in rows:
        answer = talks[row["content_id"]]["messages"][-1]["content"]
        trained = [t for t, s in zip(row["tokens"], row["supervised"], strict=True) if s]
        assert made.tokenizer.decode(trained) == f"{answer}<|im_end|>\n" and row["n_supervised"] == len(trained)
        assert row["stage"] == talks[row["content_id"]]["stage"]


def test_what_was_refused_has_its_reason_and_every_step_adds_up(made: Made) -> None:
    assert sorted(r["reason"] for r in made.rows(REJECTS)) == ["no_answer", "not_a_message", "not_json"]
    runs = {r["stage"]: r for r in made.rows(RUNS)}
    assert set(runs) == {"given_instructions", *(stage.name for stage in STAGES)}
    assert all(r["rows_read"] == r["rows_kept"] + r["rows_dropped"] for r in runs.values())
    assert (runs["given_instructions"]["rows_read"], runs["given_instructions"]["rows_kept"]) == (7, 3)
    assert dict(runs["given_instructions"]["reasons"])["duplicate"] == 1
    released = releases.current_release(made.lake)
    assert released and {"code_corpus", *(t.name for t in TABLES)} <= set(released["tables"])


def test_a_refresh_writes_what_moved_and_equals_a_rebuild(made: Made) -> None:
    """A document is gone, one is new, one moved to a held-out repository; so did the instruction that each holds. Three
    given rows are new, of which two are kept.
    """
    written = {r["stage"]: r["rows_written"] for r in made.rows(RUNS)}
    assert written == {
        "given_instructions": 3 + 3,  # and three rejects
        "pretrain_tokens": 3,
        "instruction_parts": 1 + 1,  # one measured, one that nothing requires any more deleted
        "anneal_tokens": 0,
        "instruction_fingerprints": 4 + 1,
        "instruction_pairs": 0,
        "instruction_embeddings": 0,  # no encoder is named
        "instruction_neighbours": 0,
        "instruction_groups": 4 + 1,
        "instruction_decisions": 3 + 3,
        "instructions": 3 + 2,
        "benchmark_hits": 1 + 1 + 2 + 2,
        "contamination": 1 + 1 + 2 + 2,
        "pretrain_docs": 3,
        "anneal_docs": 0,
        "sft_stage1": 2,
        "sft_stage2": 1 + 2,
        "sft_tokens": 3 + 2,
    }
    for table, rows in built(made.lake, made.params(), DOCUMENTS):
        assert contents_of(made.lake, table) == plain_rows(table, rows), table.name


def test_the_report_shows_what_training_reads_beside_the_paper(made: Made, tmp_path: Path) -> None:
    page, again = made.folder / "data_report.html", tmp_path / "again.html"
    assert exit_code(["data-report", "--warehouse", made.lake.warehouse, "--to", str(again)]) == 0
    for text in (page.read_text(encoding="utf-8"), again.read_text(encoding="utf-8")):
        assert (
            "Pretraining" in text
            and "paper 92.3%" in text
            and "texts were searched. None holds a copy of a task." in text
        )
        assert "recall 0.999, precision 1.000" in text and "sft_stage2" in text and "release 2" in text


def test_parts_have_shares_and_what_is_held_out_is_not_counted(made: Made) -> None:
    found = {c.table: c for c in compositions(made.lake)}
    tokens = [r for r in made.rows(corpus.PRETRAIN_TOKENS) if not r["held_out"]]
    whole = found["pretrain_tokens"]
    assert (whole.rows, whole.size) == (len(tokens), sum(r["n_tokens"] for r in tokens))
    web = next(p for p in whole.parts["source"] if p.name == "web")
    assert web.size == sum(r["n_tokens"] for r in tokens if r["source"] == "web") and web.rows == 2
    assert web.paper == pytest.approx(74 / 960) and web.share == pytest.approx(web.size / whole.size)
    assert {p.name for p in whole.parts["language"]} == {"python", "c", "en"}
    assert sum(p.share for p in found["sft_stage2"].parts["source"]) == pytest.approx(1)
    assert {p.name for p in found["anneal_tokens"].parts["source"]} == {"algorithmic", "snippets", "textbooks"}


def test_pages_are_a_source_of_their_own_held_out_by_domain(made: Made) -> None:
    rows = {r["content_id"]: r for r in made.rows(corpus.PRETRAIN_TOKENS)}
    found = [(rows[p["clean_id"]]["source"], rows[p["clean_id"]]["held_out"]) for p in PAGES]
    assert found == [("web", False), ("web", True), ("web", False), ("code", False)]
    assert {rows[p["clean_id"]]["language"] for p in PAGES[:3]} == {"en"}


def test_a_repeat_tokenises_nothing_and_other_settings_all(spark: SparkSession, made: Made) -> None:
    """Fill-in-the-middle changes a column that the runner compares, so every row; a cut one begins with its prefix, and
    what is held out is its text as it stands.
    """
    lake = Lake(spark, made.lake.warehouse)
    assert all(r.skipped for r in carry_out(lake, made.params(), pretrain_tokens.STAGE, sft_tokens.STAGE))
    p, table = made.params(fim_rate=1.0), corpus.PRETRAIN_TOKENS
    docs = lake.read(documents.PRETRAIN_DOCS)
    moved = changes(table, pretrain_tokens.pretrain_tokens(docs, p), lake.read(table).select(*table.narrow()))
    cut = with_tokens(moved.where(F.col(OP) == "update").drop(OP), docs, p).collect()
    assert {row["content_id"] for row in cut} == {d["clean_id"] for d in (*DOCUMENTS, *PAGES)}
    assert {row["fim"] for row in cut} == {Fim(1.0).settings()}
    held_out = {d["clean_id"]: d["text"] for d in (*DOCUMENTS, *PAGES) if HELD in (d.get("repo"), d.get("domain"))}
    tokens = {row["content_id"]: row["tokens"] for row in cut}
    assert {tokens[i][0] for i in tokens.keys() - held_out.keys()} == {made.tokenizer.id("<|fim_prefix|>")}
    assert {i: tokens[i] for i in held_out} == {i: made.tokenizer.encode([text])[0] for i, text in held_out.items()}


def carry_out(lake: Lake, params: Tokens, *stages: Any) -> list[Any]:
    return run_stages(Run(lake, "again", STAGES, {Tokens: params}), stages)


def test_a_given_table_is_read_in_each_of_its_forms(spark: SparkSession, made: Made) -> None:
    rows = spark.createDataFrame(
        [r for r in GIVEN if "output" in r], "instruction string, output string, language string"
    )
    parquet, delta = (str(made.folder / name) for name in ("given.parquet", "given_delta"))
    rows.write.parquet(parquet)
    rows.write.save(delta)
    wanted = ["instruction", "output", "language", "question", "messages", "stage"]
    found = [sorted(table_rows(spark, p, 2).select(*wanted).collect(), key=str) for p in (parquet, delta)]
    assert found[0] == found[1]
    assert [(r["instruction"], r["language"], r["question"], r["stage"]) for r in found[0]] == [
        ("Add two numbers.", "python", None, 2),
        ("Add two numbers.", "python", None, 2),
        ("Say yes.", None, None, 2),
    ]


def test_messages_bring_along_whether_they_are_trained(spark: SparkSession, tmp_path: Path) -> None:
    """From JSON and from a table, whichever of the two says so, and a system text of the row's own."""
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]
    said = [{**talk[0]}, {"role": "assistant", "content": "a", "train": False}]
    file = tmp_path / "talks.jsonl"
    rows = [{"messages": talk}, {"messages": said}, {"messages": [*talk[:1], {**talk[1], "weight": 1}], "system": "s"}]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    weighted = spark.createDataFrame([(talk,)], "messages array<struct<content:string,role:string,weight:int>>")
    weighted.write.parquet(str(tmp_path / "talks.parquet"))
    plain = spark.createDataFrame([(talk,)], "messages array<struct<content:string,role:string>>")
    plain.write.parquet(str(tmp_path / "plain.parquet"))
    found = {
        name: sorted((r["reason"] or "") for r in given_rows(table_rows(spark, str(tmp_path / name), 1)).collect())
        for name in ("talks.jsonl", "talks.parquet", "plain.parquet")
    }
    assert found["talks.jsonl"] == ["", "untrained_answer", "untrained_answer"]
    assert (found["talks.parquet"], found["plain.parquet"]) == (["untrained_answer"], [""])


def test_a_text_that_left_the_corpus_gives_no_instruction(spark: SparkSession) -> None:
    one = {"instruction_id": "i", "kind": "docstring", "question_bytes": 9, "answer_bytes": 90}
    parts = [{"clean_id": c, "language": "python", "found": [one]} for c in ("here", "gone")]
    given = [
        {"origin": "t.parquet", "stage": 1, "question_bytes": 7000, "answer_bytes": 5} | {"instruction_id": "long"}
    ]
    (kept, dropped) = sorted(
        decide(
            spark,
            instruction_decisions.STAGE,
            Instructions(docstring_stage=1),
            instruction_parts=parts,
            given_instructions=given,
            code_corpus=[{"clean_id": "here", "language": "python", "repo": "a/b"}],
        ).collect(),
        key=lambda r: r["instruction_id"],
    )
    assert (kept["origin"], kept["stage"], kept["repo"], kept["keep"], kept["text_bytes"]) == (
        "here",
        1,
        "a/b",
        True,
        99,
    )
    assert [r["rule"] for r in dropped["reasons"]] == ["question_too_long", "answer_too_short"]
    assert dropped["source"] == "t"


def test_a_table_of_two_tokenizers_fails_its_check(spark: SparkSession) -> None:
    rows = [{"content_id": i, "tokenizer_hash": h, "text_bytes": 1, "fim": "off"} for i, h in ("ab", "cd")]
    checks = quality.expectations(corpus.PRETRAIN_TOKENS, frame(spark, corpus.PRETRAIN_TOKENS, rows))
    assert [c.check_name for c in checks if not c.passed] == ["distinct_between(tokenizer_hash, max=1)"]


def test_quotas_are_proportional_and_bounded() -> None:
    assert quotas({"a": 600, "b": 300, "c": 100}, 100, 1.0) == {"a": 60, "b": 30, "c": 10}
    assert quotas({"a": 900, "b": 60, "c": 40}, 100, 0.5) == {"a": 50, "b": 30, "c": 20}
    assert quotas({"a": 900, "b": 8, "c": 2}, 100, 0.5) == {"a": 50, "b": 8, "c": 2}
    assert quotas({"a": 5, "b": 5}, 100, 0.5) == {"a": 5, "b": 5} and quotas({}, 100, 0.5) == {}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ((), "tokens.tokenizer: expected the folder of a tokenizer, found none"),
        (("--tokenizer", "nowhere"), "expected a folder with tokenizer.json"),
        (("--set", "instructions.tables={ x = 3 }"), "instructions: expected a stage of 1 or 2, found {'x': 3}"),
        (("--set", 'tokens.fim_markers=["a"]'), "tokens.fim_markers: expected three special tokens"),
    ],
)
def test_wrong_settings_are_found_before_anything_is_started(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: tuple[str, ...], said: str
) -> None:
    assert exit_code(["tokens", "--warehouse", str(tmp_path / "none"), *settings]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_fill_in_the_middle_without_its_tokens_is_refused(made: Made, tmp_path: Path) -> None:
    TextTokenizer.train(["abc"], 300).save(tmp_path)
    with pytest.raises(ValueError, match=r"tokens\.fim_rate: expected a tokenizer with the special tokens"):
        carry_out(made.lake, Tokens(str(tmp_path), fim_rate=0.5), pretrain_tokens.STAGE)
