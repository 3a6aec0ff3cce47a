"""What the tests of faults share: the bits that must be the same, and workflows to be disturbed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
from temporary_project import Project

from metascore.files import sha256

SAME_BITS = (
    "data/**/*.npy",
    "data/**/*.json",
    "results/**/*.safetensors",
    "results/*/scores/**/*.*",
    "results/*/*.json",
)

MAML_LOG = "logs/smoke/meta_train/omniglot_5w1s/maml/0.log"
PRELOADED = "metascore.preloaded"


def bits(project: Project) -> dict[str, str]:
    """The digests of all files that must be the same bits on every run."""
    paths = (path for pattern in SAME_BITS for path in project.path.glob(pattern))
    return {str(path.relative_to(project.path)): sha256(path) for path in sorted(paths)}


def left_behind(project: Project) -> list[str]:
    """Temporary files."""
    return [os.fspath(path) for path in project.path.rglob(".*.partial")]


def started(project: Project, *command: str) -> psutil.Popen:
    """A workflow in a process group of its own, which says what it says into a file beside the project."""
    with said(project).open("w") as log:
        return psutil.Popen(
            command or ("snakemake", "--cores", "2"),
            cwd=project.path,
            env=project.environment(),
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in the background of a shell
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def said(project: Project) -> Path:
    """Where `started` has a workflow write."""
    return project.path.parent / "said.log"


def is_stage(process: psutil.Process) -> bool:
    """Whether a process is a stage of the pipeline: the command, or what was forked for it."""
    try:
        command, above = process.cmdline(), process.parent()
        return "metascore" in command or (PRELOADED in command and above is not None and PRELOADED in above.cmdline())
    except psutil.NoSuchProcess:
        return False


def at_work(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still do something after some time: not ended, and no zombie that nobody asks about."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def wait_for_snapshot(project: Project) -> None:
    """Wait until MAML, which trains for longest, has saved its state."""
    log, deadline = project.path / MAML_LOG, time.monotonic() + 120
    while not log.exists() or "iteration" not in log.read_text():
        assert time.monotonic() < deadline, said(project).read_text()
        time.sleep(0.02)
