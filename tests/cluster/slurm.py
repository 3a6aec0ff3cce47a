"""A Slurm of one node, which is this machine: started for a test, with two GPUs that are none."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "srun")
PLUGINS = ("snakemake_executor_plugin_slurm", "snakemake_executor_plugin_slurm_jobstep")
CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost
SlurmctldPort={controller}
SlurmdPort={node}
AuthInfo=socket={folder}/munge/socket
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/node.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
MinJobAge=600
KillWait=5
OverTimeLimit=0
GresTypes=gpu
NodeName=localhost CPUs=16 RealMemory=64000 Gres=gpu:2
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
MUNGE = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
GPUS = "Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n"
# The plugin takes SLURM_CONF from the environment of its job's steps.
SRUN = '#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {srun} "$@"\n'
# Nodes list a GPU, the host from which jobs are submitted does not.
NVIDIA_SMI = '#!/bin/sh\n[ -n "$SLURM_JOB_ID" ] || exit 9\necho "GPU 0: Fake (UUID: GPU-0)"\n'


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    plugins = [name for name in PLUGINS if importlib.util.find_spec(name) is None]
    if programs:
        return f"no {', '.join(programs)}: apt-get install slurm-wlm munge"
    if plugins:
        return "no plugins: make setup"
    return "" if os.getuid() == 0 else "only root may start the daemons of a node"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[dict[str, str]]:
    """Run the daemons in a folder that they may fill; yields the variables with which its commands find them."""
    _write_files(folder)
    environment = {
        "PATH": os.pathsep.join([f"{folder}/bin", str(Path(sys.executable).parent), os.environ["PATH"]]),
        "SLURM_CONF": f"{folder}/slurm.conf",
    }
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        for command, sign in _daemons(folder):
            with (folder / f"{command[0]}.log").open("wb") as log:
                daemons.append(
                    subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT)
                )
            _wait_for(sign, folder / f"{command[0]}.log")
        _wait_for(lambda: "idle" in _asked(environment, "sinfo", "--noheader", "--format=%T"), folder / "slurmd.log")
        yield environment
    finally:
        _asked(environment, "scancel", "--me")
        for daemon in reversed(daemons):
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(timeout=20)
            daemon.kill()


def queue(environment: dict[str, str]) -> list[str]:
    """The numbers of the jobs that wait or run."""
    return _asked(environment, "squeue", "--noheader", "--format=%i").split()


def ends(environment: dict[str, str]) -> list[str]:
    """How each job of the last minutes ended, and its time limit in minutes and seconds."""
    return _asked(environment, "squeue", "--noheader", "--states=all", "--format=%T %l").splitlines()


def _write_files(folder: Path) -> None:
    for name in ("munge", "state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o755)
    key = folder / "munge/key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    controller, node = _free_ports()
    text = CONFIGURATION.format(folder=folder, controller=controller, node=node, user="root")
    (folder / "slurm.conf").write_text(text)
    (folder / "gres.conf").write_text(GPUS)
    for name, program in (("srun", SRUN), ("nvidia-smi", NVIDIA_SMI)):
        (folder / "bin" / name).write_text(program.format(folder=folder, srun=shutil.which("srun")))
        (folder / "bin" / name).chmod(0o755)


def _daemons(folder: Path) -> list[tuple[list[str], Callable[[], bool]]]:
    munge = folder / "munge"
    options = [f"--{name}={munge / file}" for name, file in MUNGE.items()]
    return [
        (["munged", "--force", "--foreground", *options], (munge / "socket").exists),
        (["slurmctld", "-c", "-D"], (folder / "controller.pid").exists),
        (["slurmd", "-D", "-N", "localhost"], (folder / "node.pid").exists),
    ]


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("localhost", 0))
        other.bind(("localhost", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(sign: Callable[[], bool], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not sign():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def _asked(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False).stdout
