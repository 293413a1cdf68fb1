"""Every command and flag that a page shows is one that exists, and each command is run by a test or stands below."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.flows import SECTIONS
from schemas.command_line import options_of
from schemas.params import load_params
from tests import documented
from tests.documented import ROOT, Shown
from tests.jobs.conftest import Said, TinyRun
from tests.jobs.test_readme import README_RUN, SHELL, SUBMIT
from training.recipes import RECIPES
from training.settings import Run

COMMANDS, FLAGS = documented.commands(), documented.flags()
REFINELAKE = [c for c in COMMANDS if c.words[0] == "refinelake"]
NOT_HERE = {
    "databricks bundle deploy": "needs a workspace; test_databricks.py reads the bundle",
    "databricks bundle run train": "needs a workspace; test_databricks.py reads the bundle",
    "deepspeed --hostfile hostfile --module training train pretrain ...": "several nodes; test_launchers.py",
    "torchrun --nproc_per_node 8 -m training train pretrain ...": "eight GPUs; test_launchers.py runs two processes",
    "GPUS=8 sbatch --nodes=32 --gpus-per-node=8 docker/train.sbatch train pretrain ...": "Slurm; test_launchers.py",
    "refinelake-distribute --nodes 2 --gpus 8 -- train pretrain ...": "two nodes; test_train_job.py",
    "spark-submit --properties-file cluster.conf ...": "whatever cluster; test_cluster.py submits the flow",
    "spark-submit --master k8s://https://HOST:6443 --conf spark.kubernetes.container.image=IMAGE ... "
    "jobs/submit.py run ...": "needs Kubernetes; test_cluster.py submits the same to a standalone master",
    "docker compose -f docker/compose.yaml up -d": "needs an engine; test_docker.py reads the file",
    "docker compose -f docker/compose.yaml run --rm submit": "needs an engine; test_docker.py reads the file",
    "databricks bundle deploy -t prod --var sources=/Volumes/main/refinelake/staging/sources.jsonl --var "
    "tokenizer=FOLDER --var principal=ID": "needs a workspace; test_databricks.py reads the bundle",
    "spark-submit --master k8s://https://HOST:6443 --conf spark.kubernetes.container.image=IMAGE --conf "
    "spark.kubernetes.executor.podTemplateFile=/opt/spark/conf/executor-pod.yaml --conf spark.driver.host=DRIVER "
    "/opt/refinelake/lib/python3.12/site-packages/jobs/submit.py run --sources URL --warehouse URL": "needs "
    "Kubernetes; test_cluster.py submits the same to a standalone master, test_docker.py reads the template",
    "python -m benchmarks.train --model 1.5b --micro 8 --out OUT": "needs a GPU; test_benchmark.py takes the toy",
}
"""Commands that cannot run on two cores without a network, and what stands for them."""
_OPEN = {"...", "URL", "FOLDER", "PATH", "FILE", "DIR", "OUT", "NAME"}


def flags_in(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2]


@pytest.mark.parametrize("shown", REFINELAKE, ids=lambda shown: shown.text)
def test_a_command_exists_with_the_flags_it_is_shown_with(shown: Shown) -> None:
    if shown.words[1] == "--help":
        return
    parser = documented.parser_of(*shown.words[1:3])
    assert set(flags_in(shown.words)) <= options_of(parser)
    first = 3 if shown.words[1] in documented.PARTS else 2
    with_places = [word.replace("$CONTENT_ID", "0" * 64) for word in shown.words[first:]]
    if len(with_places) > 1 and not _OPEN & set(with_places):
        parser.parse_args(with_places)


def test_a_flag_alone_belongs_to_a_command() -> None:
    known = {"--help"}
    for name in (*documented.COMMANDS, *documented.import_module(documented.TRAINING).COMMANDS):
        known |= options_of(documented.parser_of(name))
    for name, parts in documented.PARTS.items():
        known |= {option for part in parts for option in options_of(documented.parser_of(name, part))}
    for file in (ROOT / "benchmarks").glob("*.py"):
        known |= set(re.findall(r'"(--[\w-]+)"', file.read_text(encoding="utf-8")))
    assert [(s.page, flag) for s in FLAGS for flag in flags_in(s.words) if flag not in known] == []


def test_settings_that_are_shown_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = [value for shown in (*COMMANDS, *FLAGS) for value in documented.settings_in(shown.words)]
    settings = [s for s in settings if "NAME" not in s]
    of_training = {s for s in settings if s.partition(".")[0] in Run.__dataclass_fields__}
    assert of_training and len(settings) > len(of_training)
    for setting in set(settings) - of_training:
        assert load_params(SECTIONS, None, [setting])


@pytest.mark.parametrize("shown", [c for c in COMMANDS if c.words[0] == "make"], ids=lambda shown: shown.text)
def test_make_knows_the_target(shown: Shown) -> None:
    done = subprocess.run(["make", "-n", *shown.words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "shown", [c for c in COMMANDS if c.words[:2] == ["python", "-m"] and "benchmarks" in c.text], ids=lambda s: s.text
)
def test_a_benchmark_takes_the_flags_it_is_shown_with(shown: Shown) -> None:
    said = subprocess.run([sys.executable, "-m", shown.words[2], "--help"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0 and [f for f in flags_in(shown.words) if f not in said.stdout] == [], said.stderr


def test_every_command_is_run_or_stands_in_the_list() -> None:
    """A page may show what another test runs: the same command with its places filled in."""
    shown = {c.text for c in COMMANDS}
    assert set(NOT_HERE) <= shown, "what no page shows any more is to leave the list"
    by_test = {c.text for c in REFINELAKE if c.text in SHELL or _run_elsewhere(c)}
    checked = {c.text for c in COMMANDS if c.words[0] == "make" or "benchmarks" in c.text}
    assert sorted(shown - by_test - checked - set(NOT_HERE) - TOOLS) == []


TOOLS = {
    SUBMIT,  # test_cluster.py
    "ALL_REFERENCES=1 python -m pytest -n0 -rP tests/training/test_evaluation.py -k reference",  # the suite, in full
    "python -m training",  # tests/training/test_launchers.py
    "python -m training.again --run RUN --times 3 -- torchrun --nproc_per_node 8 -m training train ... --to RUN",
    "python udfs/data/derive_languages.py --shared ../shared/data",  # rewrites a data file from ../shared
    "uv pip compile setup.cfg --extra spark --extra train --extra tokens --extra web --extra instruct --extra tracking "
    "--extra dev --universal --generate-hashes",  # needs the network
}


def _run_elsewhere(shown: Shown) -> bool:
    """Whether one test file calls the command, by name or by its module, and with every flag that the page shows."""
    name, flags = shown.words[1], flags_in(shown.words)
    called = re.compile(rf'"{re.escape(name)}"|\b{name.replace("-", "_")}\.work\b|refinelake {re.escape(name)}\b')
    tests = (
        p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py") if p.name != Path(__file__).name
    )
    return any(called.search(text) and all(f'"{f}' in text or f"{f} " in text for f in flags) for text in tests)


def test_the_authors_rules_run_from_the_command_line(here: Callable[..., Said], tiny: TinyRun, tmp_path: Path) -> None:
    """README's `--set filter.rules=compat --set signals.authors=true`, as a run of its own."""
    (flags,) = {s.text for s in FLAGS if "filter.rules=compat" in s.text}
    again = README_RUN.replace("--warehouse warehouse", f"--warehouse {tmp_path / 'compat'}").split()
    said = here(*again, *flags.split())
    assert said.code == 0 and "release 1 is what readers see now" in said.out, said.out + said.err
    assert re.search(r"code_corpus: [1-9]\d* of", said.out)


def test_recipes_that_are_shown_exist() -> None:
    trained = {c.words[2] for c in REFINELAKE if c.words[1] == "train" and not c.words[2].startswith("-")}
    assert trained <= set(RECIPES)
