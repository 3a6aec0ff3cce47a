"""What lies at another git revision: results, which DVC brings from its cache or remote, and code."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from metascore.errors import UserError

OF_ONE_REPOSITORY = (  # environment variables that git sets for hooks; see `git rev-parse --local-env-vars`
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
    "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip


def environment() -> dict[str, str]:
    """The environment for git and DVC: they find the repository by the folder that they run in, also in a hook."""
    return {name: value for name, value in os.environ.items() if name not in OF_ONE_REPOSITORY}


def commit_of(revision: str) -> str:
    """The commit that a revision names. Raises UserError where it names none."""
    done = _call("git", "rev-parse", "--verify", f"{revision}^{{commit}}")
    if done.returncode:
        raise UserError(f"{revision}: no revision of this repository ({_reason(done)}): see `git log`")
    return done.stdout.decode().strip()


def fetch(path: str, revision: str, target: Path) -> None:
    """Bring a folder that DVC tracks, as it was at a revision, to `target`. Raises UserError where it can't be had."""
    commit = commit_of(revision)
    done = _call(sys.executable, "-m", "dvc", "get", ".", path, "--rev", commit, "--out", str(target))
    if done.returncode:
        raise UserError(
            f"{revision}: its {path} can't be had from DVC's cache or remote ({_reason(done)}): name a revision that "
            "has results, and `dvc push` them where they were made"
        )


def extract(path: str, commit: str, target: Path) -> None:
    """Write a folder that git tracks, as it was at a commit, into `target`. Raises UserError where it had none."""
    done = _call("git", "archive", commit, path)
    if done.returncode:
        raise UserError(f"{commit}: it has no {path} ({_reason(done)}): name a revision of this project")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")


def _call(*command: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, env=environment(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UserError(f"{command[0]}: not found: install it") from error


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a command said was wrong, in one line."""
    said = done.stderr.decode(errors="replace").splitlines()
    lines = [line for line in said if line.startswith(("fatal:", "ERROR:"))]
    return " ".join((lines or said or ["no reason given"])[0].split())
