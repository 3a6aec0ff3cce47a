"""An S3 server on loopback that knows one user."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "metascore"
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@dataclass(frozen=True)
class Bucket:
    """A bucket, and who may use it."""

    address: str
    key: str
    secret: str

    def client(self, service: str = "s3") -> Any:
        """boto3's client of this server."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )

    def download(self, prefix: str, target: Path) -> None:
        """All objects below a prefix, as files."""
        client = self.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=NAME, Prefix=prefix):
            for one in page.get("Contents", []):
                path = target / one["Key"].removeprefix(prefix)
                path.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(NAME, one["Key"], str(path))


@contextlib.contextmanager
def started(log: Path) -> Iterator[Bucket]:
    """Run the server; whoever comes with other credentials than the bucket's is refused."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    with log.open("wb") as said:
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", port]
        process = subprocess.Popen(command, env=dict(os.environ), stdout=said, stderr=said)
    try:
        yield _with_one_user(f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _with_one_user(address: str, log: Path) -> Bucket:
    _wait_for(address, log)
    anyone = Bucket(address, "anyone", "anyone")
    users = anyone.client("iam")
    users.create_user(UserName=NAME)
    users.put_user_policy(UserName=NAME, PolicyName=NAME, PolicyDocument=EVERYTHING)
    key = users.create_access_key(UserName=NAME)["AccessKey"]
    anyone.client().create_bucket(Bucket=NAME)
    from_now_on = urllib.request.Request(  # noqa: S310  an address of our own
        f"{address}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(from_now_on).close()  # noqa: S310
    return Bucket(address, key["AccessKeyId"], key["SecretAccessKey"])


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(f"{address}/moto-api/").close()  # noqa: S310
            return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
