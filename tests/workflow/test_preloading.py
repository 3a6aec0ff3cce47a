"""Stages that a preloaded process forks: a command has the output, the exit status and the signals of its stage."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from temporary_project import Project, copy_project, make_stages_idle

from metascore import preloaded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there is a stage forked")

SECONDS = 120  # at most, on a machine that has much else to do
WORKFLOW = """
import os, sys
from metascore.orchestration import preloading
preloading.start("quick")
print(os.environ[preloading.SOCKET], flush=True)
sys.stdin.read()
"""
STAGE = """
import os
import time
from pathlib import Path


def run(config, job):
    print(os.getpid(), os.environ["MARK"], Path.cwd().name, job.seed, flush=True)
    if job.seed == 1:
        raise KeyError("odd")
    if job.seed == 2:
        time.sleep(60)
"""


class Workflow(NamedTuple):
    """A process that has a preloaded one, and what its jobs need in order to ask that."""

    project: Project
    process: psutil.Popen
    environment: dict[str, str]

    @property
    def preloaded(self) -> psutil.Process:
        (found,) = self.process.children()
        return found

    def command(self, seed: int, task: str = "omniglot_5w1s") -> psutil.Popen:
        words = ("finetune", "--budget", "quick", "--task", task, "--learner", "protonet", "--seed", str(seed))
        return psutil.Popen(
            (sys.executable, "-m", "metascore", *words),
            cwd=self.project.path,
            env=self.environment | {"MARK": f"mark{seed}"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def sleeping(self) -> tuple[psutil.Popen, psutil.Process]:
        """A command, and its stage, which does nothing for long."""
        command = self.command(seed=2)
        return command, psutil.Process(int(command.stdout.readline().split()[0]))


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("preloading") / "project")
    make_stages_idle(project)
    (project.path / "src/metascore/stages/finetune.py").write_text(STAGE)
    project.replace("src/metascore/preloaded.py", 'LATER = ("torch._dynamo",)', "LATER = ()")
    return project


def begun(idle: Project) -> Iterator[Workflow]:
    process = psutil.Popen(
        (sys.executable, "-c", WORKFLOW),
        cwd=idle.path,
        env=idle.environment(),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    yield Workflow(idle, process, idle.environment() | {"METASCORE_PRELOADED": process.stdout.readline().strip()})
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def shared(idle: Project) -> Iterator[Workflow]:
    """One that no test disturbs."""
    yield from begun(idle)


@pytest.fixture
def workflow(idle: Project) -> Iterator[Workflow]:
    """One of one's own."""
    yield from begun(idle)


def test_a_stage_has_all_that_its_command_has_and_is_forked(shared):
    command, stage = shared.sleeping()
    assert stage.parent() == shared.preloaded and stage.pid != command.pid
    again = shared.command(seed=0)
    said, complaint = again.communicate(timeout=SECONDS)
    assert said.split()[1:] == ["mark0", shared.project.path.name, "0"] and not complaint
    assert again.returncode == 0
    command.kill()
    command.communicate()


def test_a_stage_that_fails_fails_its_command(shared):
    command = shared.command(seed=1)
    assert "KeyError: 'odd'" in command.communicate(timeout=SECONDS)[1]
    assert command.returncode == 1


def test_a_usage_error_is_one_too(shared):
    command = shared.command(seed=0, task="nothing")
    assert "--task nothing: not part of budget quick" in command.communicate(timeout=SECONDS)[1]
    assert command.returncode == 2


def test_a_signal_to_a_command_ends_its_stage(shared):
    command, stage = shared.sleeping()
    command.terminate()
    assert "stopped by SIGTERM" in command.communicate(timeout=SECONDS)[1]
    assert command.returncode == 128 + 15
    assert not psutil.wait_procs([stage], timeout=SECONDS)[1]


def test_a_killed_command_ends_its_stage(shared):
    command, stage = shared.sleeping()
    command.kill()
    command.communicate(timeout=SECONDS)
    assert not psutil.wait_procs([stage], timeout=SECONDS)[1]


def test_a_killed_stage_ends_its_command_with_a_line(shared):
    command, stage = shared.sleeping()
    stage.kill()
    assert (
        command.communicate(timeout=SECONDS)[1] == "metascore finetune: killed: run the same command again to go on\n"
    )
    assert command.returncode == 128 + 9


@pytest.mark.slow
def test_a_stage_needs_the_preloaded_process_no_more(workflow):
    command, stage = workflow.sleeping()
    workflow.preloaded.kill()
    workflow.process.kill()
    alone = workflow.command(seed=0)
    assert alone.communicate(timeout=SECONDS)[0].split()[0] == str(alone.pid)
    assert stage.is_running()
    command.kill()
    command.communicate()


@pytest.mark.slow
def test_changed_code_is_not_forked(workflow):
    workflow.command(seed=0).communicate(timeout=SECONDS)  # all is imported
    path = workflow.project.path / "src/metascore/stages/finetune.py"
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    command = workflow.command(seed=0)
    assert command.communicate(timeout=SECONDS)[0].split()[0] == str(command.pid)


@pytest.mark.slow
def test_the_preloaded_process_ends_with_the_workflow_and_leaves_nothing(workflow):
    workflow.command(seed=0).communicate(timeout=SECONDS)
    preloaded, folder = workflow.preloaded, Path(workflow.environment["METASCORE_PRELOADED"]).parent
    assert folder.exists()
    workflow.process.kill()
    assert not psutil.wait_procs([preloaded], timeout=SECONDS)[1]
    assert not folder.exists()


@pytest.mark.parametrize(("code", "status", "said"), [("not today", 1, "not today\n"), (3, 3, ""), (None, 0, "")])
def test_a_stage_that_exits_says_and_means_what_it_would_elsewhere(monkeypatch, capsys, code, status, said):
    monkeypatch.setattr(preloaded.cli, "main", lambda arguments, load: sys.exit(code))
    assert preloaded._status([]) == status
    assert capsys.readouterr().err == said


def test_an_error_that_nothing_turns_into_a_line_is_shown(monkeypatch, capsys):
    def fail(arguments, load):
        raise KeyError("odd")

    monkeypatch.setattr(preloaded.cli, "main", fail)
    assert preloaded._status(["finetune", "--debug"]) == 1
    assert "Traceback" in (said := capsys.readouterr().err) and said.endswith("KeyError: 'odd'\n")
