"""Results at another git revision, which DVC brings from its cache or remote."""

import subprocess
import sys
from pathlib import Path

from metascore.errors import UserError


def commit_of(revision: str) -> str:
    """The commit that a revision names. Raises UserError where it names none."""
    done = _call("git", "rev-parse", "--verify", f"{revision}^{{commit}}")
    if done.returncode:
        raise UserError(f"{revision}: no revision of this repository ({_reason(done)}): see `git log`")
    return done.stdout.strip()


def fetch(path: str, revision: str, target: Path) -> None:
    """Bring a folder that DVC tracks, as it was at a revision, to `target`. Raises UserError where it can't be had."""
    commit = commit_of(revision)
    done = _call(sys.executable, "-m", "dvc", "get", ".", path, "--rev", commit, "--out", str(target))
    if done.returncode:
        raise UserError(
            f"{revision}: its {path} can't be had from DVC's cache or remote ({_reason(done)}): name a revision that "
            "has results, and `dvc push` them where they were made"
        )


def _call(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UserError(f"{command[0]}: not found: install it") from error


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said was wrong, in one line."""
    lines = [line for line in done.stderr.splitlines() if line.startswith(("fatal:", "ERROR:"))]
    return " ".join((lines or done.stderr.splitlines() or ["no reason given"])[0].split())
