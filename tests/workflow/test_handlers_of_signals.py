"""Signals of a workflow and of a command, without a workflow; with one: tests/faults."""

import subprocess
import sys
import threading

import pytest

from metascore import cli

ON_A_CLUSTER = """
import os, signal
from metascore.orchestration import signals
signal.signal(signal.SIGTERM, lambda number, frame: print("waits"))
signals.pass_signals_on(jobs_are_here=False)
try:
    os.kill(os.getpid(), signal.SIGTERM)
except KeyboardInterrupt:
    os.kill(os.getpid(), signal.SIGTERM)
    print("cancels")
"""
WORKFLOW_THAT_IS_GONE = """
import os, time
from metascore.orchestration import signals
os.environ[signals.WORKFLOW] = f"{os.getppid()}@1.0"
try:
    with signals.stoppable():
        time.sleep(60)
except signals.Stopped as stopped:
    print(stopped)
"""


@pytest.mark.parametrize(
    ("program", "output"),
    [
        (ON_A_CLUSTER, "cancels"),  # and a second signal does not disturb the cancelling
        (WORKFLOW_THAT_IS_GONE, "stopped by SIGTERM: run the same command again to go on"),
    ],
)
def test_a_signal(program: str, output: str):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"{output}\n"


def test_a_command_runs_outside_the_main_thread(capsys, root):
    status: list[int] = []
    arguments = ["list", "--params", str(root / "params.yaml")]
    thread = threading.Thread(target=lambda: status.append(cli.main(arguments)))
    thread.start()
    thread.join()
    assert status == [0] and "maml" in capsys.readouterr().out
