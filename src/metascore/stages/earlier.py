"""The code of another revision at work, in a process of its own, on the runs, data and parameters that lie here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_arrays
from metascore.stages import answers
from metascore.store import revisions


class Failed(UserError):
    """It has no answer, which says nothing of a run."""


class Earlier:
    """Asked about one run after the other. While it works out an answer, its caller may work too."""

    def __init__(self, revision: str, questions: IO[str], answers: IO[str], folder: Path) -> None:
        self.revision = revision
        self._questions, self._answers, self._folder = questions, answers, folder
        self._is_waiting = False  # for an answer that nobody has read

    def ask(self, stage: str, job: Run) -> None:
        """Have it begin with a run at a stage, train or finetune.

        An answer that nobody came for, as the code of today failed meanwhile, is no answer to this.
        """
        if self._is_waiting:
            self._answers.readline()
        self._is_waiting = True
        with contextlib.suppress(BrokenPipeError):  # `_answer` says why it ended
            self._questions.write(json.dumps({"stage": stage, "job": asdict(job)}) + "\n")
            self._questions.flush()

    def training(self) -> tuple[str, dict[str, Any]]:
        """The digest of its code, and the fingerprints of the training that it was asked about."""
        answer = self._answer()
        return answer["code"], answer["prints"]

    def judging(self) -> tuple[str, np.ndarray, dict[str, np.ndarray]]:
        """The digest of its code, scores of the first test episodes, and what figures show."""
        code = self._answer()["code"]
        arrays = read_arrays(_arrays(self._folder), "run the same command again")
        return code, arrays.pop(answers.SCORES), arrays

    def _answer(self) -> dict[str, Any]:
        line, self._is_waiting = self._answers.readline(), False
        answer: dict[str, Any] = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            raise Failed(f"the code of {self.revision} fails: {answer['error']}")
        return answer

    def _last_words(self) -> str:
        """The last line of what an ended process said."""
        return (_said(self._folder).read_text(encoding="utf-8").splitlines() or ["it gives no reason"])[-1]


@contextlib.contextmanager
def at_work(config: Config, revision: str) -> Iterator[Earlier]:
    """The code of a git revision, for runs of the budget. Raises UserError where there is no such revision."""
    commit = revisions.commit_of(revision)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        revisions.extract("src", commit, folder)
        # -P: not the folder of the script, whose modules are those of here, but PYTHONPATH comes first
        command = [sys.executable, "-P", answers.__file__, config.file.file, config.budget, str(_arrays(folder))]
        path = os.pathsep.join(filter(None, (str(folder / "src"), os.environ.get("PYTHONPATH"))))
        with (
            _said(folder).open("w", encoding="utf-8") as said,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=os.environ | {"PYTHONPATH": path},
                text=True,
            ) as process,
        ):
            try:
                yield Earlier(commit, cast(IO[str], process.stdin), cast(IO[str], process.stdout), folder)
            finally:
                process.kill()


def _arrays(folder: Path) -> Path:
    return folder / "arrays.npz"


def _said(folder: Path) -> Path:
    return folder / "stderr"
