"""Where files lie, relative to the project's folder, and the columns of the tables that stages hand over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from metascore.config.params import Config, Pair

DATA = Path("data")
OMNIGLOT = DATA / "omniglot"
IMAGES = OMNIGLOT / "images.npy"
CHARACTERS = OMNIGLOT / "characters.csv"
SOURCE = OMNIGLOT / "source.json"
PICTURES = DATA / "pictures"  # a folder for each data set of the user's own
SPLITS = DATA / "splits"
EPISODES = DATA / "episodes"

TRAINING_COLUMNS = ("iteration", "tasks", "seconds", "loss", "validation")  # of training.csv


@runtime_checkable
class Job(Protocol):
    """A run, or what stands for one in a pattern of Snakemake's."""

    @property
    def task(self) -> str: ...

    @property
    def learner(self) -> str: ...

    @property
    def seed(self) -> int | str: ...


def split_file(name: str) -> Path:
    """The lists of characters of a split."""
    return SPLITS / f"{name}.json"


@dataclass(frozen=True)
class Results:
    """The results of one budget, which no other budget's touch."""

    folder: Path
    shares_training: Mapping[Pair, Pair] = field(default_factory=dict)  # see `Config.shares_training`

    @classmethod
    def of(cls, config: Config) -> "Results":
        """Those of a budget, in the project's folder."""
        return cls(Path("results") / config.budget, config.shares_training)

    @property
    def metrics(self) -> Path:
        """What `dvc metrics diff` compares."""
        return self.folder / "metrics.json"

    @property
    def digests(self) -> Path:
        """What a reproduction is compared with."""
        return self.folder / "digests.json"

    @property
    def page(self) -> Path:
        """Everything in one page."""
        return self.folder / "report.html"

    @property
    def runs(self) -> Path:
        """What meta-training made."""
        return self.folder / "runs"

    @property
    def scores(self) -> Path:
        """What fine-tuning made."""
        return self.folder / "scores"

    def table(self, name: str, suffix: str) -> Path:
        """A table in one of its formats."""
        return self.folder / "tables" / f"{name}.{suffix}"

    def figure(self, name: str, suffix: str) -> Path:
        """A figure in one of its formats."""
        return self.folder / "figures" / f"{name}.{suffix}"

    def checkpoint(self, job: Job) -> Path:
        """What a run has learned."""
        return self._of(job) / "checkpoint.safetensors"

    def training(self, job: Job) -> Path:
        """Its learning curve."""
        return self._of(job) / "training.csv"

    def record(self, job: Job) -> Path:
        """Where, with what and how long it ran."""
        return self._of(job) / "run.json"

    def score(self, job: Job) -> Path:
        """Its scores (test episode, adaptation step)."""
        return self.scores / job.task / job.learner / f"{job.seed}.npy"

    def evaluation_record(self, job: Job) -> Path:
        """What it was judged on."""
        return self.score(job).with_suffix(".json")

    def figure_data(self, job: Job) -> Path:
        """What figures show of it."""
        return self.score(job).with_suffix(".npz")

    def trained(self, job: Job) -> Pair:
        """The task and the learner whose training a run is judged with."""
        return self.shares_training.get((job.task, job.learner), (job.task, job.learner))

    def _of(self, job: Job) -> Path:
        return self.runs.joinpath(*self.trained(job), str(job.seed))
