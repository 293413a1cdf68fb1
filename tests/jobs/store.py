"""A real S3 server (moto's) on this machine, and the variables by which boto, deltalake and Hadoop find it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
_PROGRAM = """
import threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
threading.Event().wait()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a server; within it the AWS_* variables lead there, and to nobody's own buckets.

    A process of its own: deltalake holds Python's lock while it waits for an answer.
    """
    server = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    host, port = server.stdout.readline().split()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            patch.setenv(name, value)
        yield address
    server.kill()
    server.wait()


def new_bucket(address: str) -> str:
    """The name of a new bucket."""
    name = f"lake-{uuid4().hex[:12]}"
    client(address).create_bucket(Bucket=name)
    return name


def keys(address: str, bucket: str) -> list[str]:
    """Names of the first thousand things that a bucket holds, as the server says."""
    found = client(address).list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(each["Key"] for each in found)


def client(address: str) -> Any:
    """boto's own client: no driver of ours is asked what there is."""
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1")
