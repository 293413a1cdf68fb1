"""Images, compose file and pod template, without an engine: linted, typed, and of parts that exist."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyspark
import pytest
import yaml
from compose_spec import PyCompose

from jobs.runtime.session import read_settings
from schemas.command_line import parser_of

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
IMAGES = sorted(DOCKER.glob("*.Dockerfile"))
_COMPOSE = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DOCKER / "compose.yaml").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load(_COMPOSE)
"""With the variables' own values, as compose fills them in."""
POD: dict[str, Any] = yaml.safe_load((DOCKER / "executor-pod.yaml").read_text(encoding="utf-8"))
JARS = Path(pyspark.__file__).parent / "jars"
MADE = ("dist/refinelake-*.whl", "dist/cluster/jars/")
"""What is copied and not in the repository: `make wheel pack` makes it."""


def test_images_are_linted() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "--no-color", *map(str, IMAGES)],
        capture_output=True,
        text=True,
    )
    assert len(IMAGES) == 2 and (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_an_image_is_pinned_copies_what_there_is_and_runs_as_nobody(image: Path) -> None:
    text = image.read_text(encoding="utf-8").replace("\\\n", " ")
    for base in re.findall(r"^FROM (\S+)|--from=(\S+)", text, re.M):
        assert re.search(r":\d[\w.-]+$", "".join(base)), base
    copied = [p for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M) for p in line.split()]
    assert copied and [p for p in copied if p not in MADE and not (ROOT / p).exists()] == []
    sent = [p.removeprefix("!") for p in (ROOT / ".dockerignore").read_text().split() if p.startswith("!")]
    assert [p for p in copied if not any(fnmatch(p.rstrip("/"), s) for s in sent)] == []
    assert int(re.findall(r"^USER (\d+)$", text, re.M)[-1]) > 0
    for extra in re.findall(r"refinelake\[([\w,]+)\]", text):
        config = (ROOT / "setup.cfg").read_text(encoding="utf-8")
        assert [e for e in extra.split(",") if f"\n{e} =\n" not in config] == []


def test_the_image_of_spark_is_of_the_version_that_is_tested() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^pyspark==(\S+)", lock, re.M)
    text = (DOCKER / "spark.Dockerfile").read_text(encoding="utf-8")
    assert f"FROM apache/spark:{pinned}-scala2.13-java17" in text
    assert "spark.jars.packages" in read_settings(ROOT / "spark-defaults.conf"), "which the image leaves out"


def test_the_compose_file_is_one() -> None:
    found = PyCompose.from_json(json.dumps(COMPOSE))
    assert found.service_names() == ["master", "worker-1", "worker-2", "history", "submit"]
    with pytest.raises(ValueError):
        PyCompose.from_json(json.dumps(COMPOSE | {"servces": {}}))
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        build = service["build"]
        assert (DOCKER / build["context"] / build["dockerfile"]).exists()


def test_its_commands_are_those_of_spark_and_ours() -> None:
    """Each class is in Spark's JARs, and what is submitted takes the arguments."""
    spark = next(JARS.glob("spark-core_*.jar"))
    with ZipFile(spark) as held:
        classes = {n.removesuffix(".class").replace("/", ".") for n in held.namelist()}
    texts = {name: str(service["command"]) for name, service in COMPOSE["services"].items()}
    started = {name: re.findall(r"org\.apache\.spark\.[\w.]+", text) for name, text in texts.items()}
    assert {name for name, found in started.items() if found} == {"master", "worker-1", "worker-2", "history"}
    assert [c for found in started.values() for c in found if c not in classes] == []
    program, *words = shlex.split(texts["submit"])
    at = next(n for n, word in enumerate(words) if word.endswith("/jobs/submit.py"))
    assert program == "spark-submit" and (ROOT / "jobs" / "submit.py").exists()
    asked = parser_of(f"jobs.commands.{words[at + 1]}").parse_args(words[at + 2 :])
    assert asked.sources.startswith("/data/") and asked.warehouse.startswith("/data/")
    (host,) = re.findall(r"--host (\w+) --port 7077", texts["master"])
    assert f"spark://{host}:7077" in words


def test_workers_hold_an_executor_of_the_cluster_s_settings() -> None:
    size = read_settings(ROOT / "spark-cluster.conf")
    worker = COMPOSE["services"]["worker-1"]
    cores, memory = (re.search(rf"--{what} (\d+)", worker["command"]) for what in ("cores", "memory"))
    assert cores and cores[1] == size["spark.executor.cores"]
    assert memory and memory[1] == size["spark.executor.memory"].removesuffix("g")
    whole = int(memory[1]) + int(size["spark.executor.memoryOverhead"].removesuffix("g"))
    assert int(worker["mem_limit"].removesuffix("g")) >= whole


KNOWN = {
    "": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {
        "securityContext",
        "terminationGracePeriodSeconds",
        "containers",
        "volumes",
        "tolerations",
        "nodeSelector",
    },
    "spec.securityContext": {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "seccompProfile"},
    "spec.securityContext.seccompProfile": {"type"},
    "spec.containers": {"name", "securityContext", "volumeMounts", "env", "resources"},
    "spec.containers.securityContext": {"allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"},
    "spec.containers.securityContext.capabilities": {"drop"},
    "spec.containers.volumeMounts": {"name", "mountPath", "readOnly"},
    "spec.volumes": {"name", "emptyDir", "persistentVolumeClaim"},
    "spec.volumes.emptyDir": {"sizeLimit", "medium"},
}
"""Fields of Kubernetes' Pod by their place, as many as the template may want."""


def unknown(value: Any, place: str = "") -> list[str]:
    if isinstance(value, list):
        return [found for part in value for found in unknown(part, place)]
    if not isinstance(value, dict):
        return []
    below = ((name, f"{place}.{name}".lstrip(".")) for name in value)
    return [at for name, at in below if name not in KNOWN.get(place, ())] + [
        found for name, at in ((n, f"{place}.{n}".lstrip(".")) for n in value) for found in unknown(value[name], at)
    ]


def test_the_pod_template_is_a_pod_with_scratch_that_spark_finds() -> None:
    assert (POD["apiVersion"], POD["kind"]) == ("v1", "Pod") and unknown(POD) == []
    (container,) = POD["spec"]["containers"]
    volumes = {v["name"] for v in POD["spec"]["volumes"]}
    mounted = {m["name"] for m in container["volumeMounts"]}
    assert mounted == volumes and all(name.startswith("spark-local-dir-") for name in volumes)
    user = POD["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}" in (DOCKER / "spark.Dockerfile").read_text(encoding="utf-8").splitlines()
    assert unknown({"spec": {"container": []}}) == ["spec.container"]
