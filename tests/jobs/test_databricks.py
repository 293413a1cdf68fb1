"""The bundle without a workspace: loaded into Databricks' own classes, and compared with what it stands for."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from configparser import ConfigParser
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
import yaml
from databricks.bundles.core import Variable
from databricks.bundles.jobs import Job, Task

from jobs.flows import FLOWS
from jobs.runtime.session import read_settings
from schemas.command_line import parser_of
from tests.documented import ROOT
from training.commands import train

TEXT = (ROOT / "databricks.yml").read_text(encoding="utf-8")
BUNDLE: dict[str, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, dict[str, Any]] = BUNDLE["resources"]["jobs"]
BROUGHT = {"spark.jars.packages", "spark.sql.extensions", "spark.sql.catalog.spark_catalog"}
"""What of spark-defaults.conf the runtime brings in its own form: Delta."""


def typed(name: str) -> Job:
    return Job.from_dict(deepcopy(JOBS[name]))  # type: ignore[arg-type]


def setup() -> ConfigParser:
    read = ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read


def named(value: Any) -> set[str]:
    """Every variable that stands in a typed resource."""
    if isinstance(value, Variable):
        return {value.path}
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inside is None:
        inside = vars(value).values() if hasattr(value, "__dataclass_fields__") else ()
    texts = set(re.findall(r"\$\{([^}]+)\}", value)) if isinstance(value, str) else set()
    return texts.union(*(named(part) for part in inside))


def test_tables_are_in_no_volume() -> None:
    """A volume holds files, and Unity Catalog refuses a table there."""
    tables = BUNDLE["variables"]["tables"]
    assert not tables["default"].startswith("/Volumes") and "external location" in tables["description"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_one_of_databricks_own(name: str) -> None:
    job = typed(name)
    assert job.timeout_seconds and job.queue and job.queue.enabled and job.max_concurrent_runs == 1
    assert named(job.email_notifications) == {"var.emails"} and named(job.webhook_notifications) == {"var.webhooks"}
    clusters = {c.job_cluster_key: c.new_cluster for c in job.job_clusters}
    for task in job.tasks:
        assert isinstance(task, Task) and task.job_cluster_key in clusters
    for cluster in clusters.values():
        assert cluster.node_type_id and re.fullmatch(r"17\.3\.x-(gpu-ml-)?scala2\.13", str(cluster.spark_version))
        assert "DEDICATED" in str(cluster.data_security_mode), "by names, Unity Catalog asks who"
    keys = [task.task_key for task in job.tasks]
    for before, task in pairwise(job.tasks):
        assert [d.task_key for d in task.depends_on] == [before.task_key]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        (("tasks", 0, "max_retry"), 2),
        (("job_clusters", 0, "new_cluster", "node_type"), "x"),
        (("job_clusters", 0, "new_cluster", "data_security_mode"), "SHARED"),
        (("timeout_seconds",), "a day"),
    ],
)
def test_a_field_that_databricks_does_not_know_is_refused(place: tuple[Any, ...], broken: Any) -> None:
    job = deepcopy(JOBS["nightly"])
    at: Any = job
    for part in place[:-1]:
        at = at[part]
    at[place[-1]] = broken
    with pytest.raises(ValueError):
        Job.from_dict(job)  # type: ignore[arg-type]


def test_the_night_is_every_flow_in_order_then_a_check_and_maintenance() -> None:
    """As the DAG for Airflow."""
    tasks = typed("nightly").tasks
    assert [t.task_key for t in tasks] == [*(flow.command.split()[1] for flow in FLOWS), "check", "maintain"]
    for task in tasks:
        wheel = task.python_wheel_task
        assert wheel and wheel.entry_point == "refinelake" and wheel.parameters[0] == task.task_key
        given = [str(p).replace("${var.ask}", BUNDLE["variables"]["ask"]["default"]) for p in wheel.parameters[1:]]
        asked = parser_of(f"jobs.commands.{task.task_key}").parse_args(given)
        assert asked.warehouse == "catalog:${var.catalog}.${var.schema}"
        assert asked.staging == "/Volumes/${var.catalog}/${var.schema}/staging"
    assert "refinelake = jobs.cli:main" in setup()["options.entry_points"]["console_scripts"]


def test_settings_are_those_of_every_cluster() -> None:
    """spark-defaults.conf, as it is, without what the runtime brings."""
    (cluster,) = typed("nightly").job_clusters
    wanted = read_settings(ROOT / "spark-defaults.conf")
    assert set(wanted) >= BROUGHT
    assert cluster.new_cluster.spark_conf == {k: v for k, v in wanted.items() if k not in BROUGHT}


def test_every_variable_is_declared_described_and_used() -> None:
    used = set(re.findall(r"\$\{var\.(\w+)\}", TEXT))
    assert used == set(BUNDLE["variables"]) and all(v["description"] for v in BUNDLE["variables"].values())
    for target in BUNDLE["targets"].values():
        assert set(target.get("variables", ())) <= used
    dev, prod = BUNDLE["targets"]["dev"], BUNDLE["targets"]["prod"]
    assert (dev["mode"], prod["mode"]) == ("development", "production") and dev["default"]
    assert dev["variables"]["schema"] != BUNDLE["variables"]["schema"]["default"]
    assert prod["run_as"] == {"service_principal_name": "${var.principal}"}


def test_libraries_are_the_wheel_and_the_extras_that_a_task_needs() -> None:
    pins = setup()["options.extras_require"]
    wanted = {"tokens": [line for line in pins["tokens"].split() if line.startswith("tokenizers")]}
    wanted |= {name: pins[name].split() for name in ("web", "instruct", "train")}
    for job in JOBS:
        for task in typed(job).tasks:
            assert [lib.whl for lib in task.libraries if lib.whl] == ["dist/refinelake-*.whl"]
            packages = [lib.pypi.package for lib in task.libraries if lib.pypi]
            assert packages == wanted.get(task.task_key, []), task.task_key


def test_the_bundle_trains_by_hand_with_arguments_that_the_commands_take() -> None:
    assert "schedule" not in JOBS["train"]
    (task,) = typed("train").tasks
    wheel = task.python_wheel_task
    assert wheel and wheel.entry_point == "refinelake-distribute"
    assert "refinelake-distribute = jobs.ops.train:main" in setup()["options.entry_points"]["console_scripts"]
    given = JOBS["train"]["tasks"][0]["python_wheel_task"]["parameters"]
    assert given[:5] == ["--nodes", "${var.nodes}", "--gpus", "${var.gpus}", "--"] and given[5] == "train"
    parser = ArgumentParser()
    train.add_arguments(parser)
    asked = parser.parse_args(given[6:])
    assert (asked.recipe, asked.model, asked.resume_or_start) == ("pretrain", "1.5b", True)
    assert asked.tokens.endswith("@r${var.release}"), "a retry must read what the first try read"
