"""The contract of a problem: how episodes are drawn and loaded, and the loss and score of predictions.

A kind of problem is one file with one final subclass of `Problem`. Its fields are the keys of a task in params.yaml.
Stages, learners and the report know a problem by its properties, never by its name.

Losses and scores are of one episode; the trainer batches them with torch.func.vmap. torch is imported only where
something is computed, since every start of the workflow reads the files of problems.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from metascore.errors import UserError
from metascore.problems import keys
from metascore.problems.examples import Episodes, Examples
from metascore.problems.keys import NO_KEY
from metascore.problems.scale import Scale

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from metascore.problems.examples import Look, Predictor

REDRAW = "delete the file and run the same command again to draw it anew"


@dataclass(frozen=True, kw_only=True)
class Problem(abc.ABC):
    """A problem with the shape of its episodes. Subclasses are final; their fields are the keys of a task.

    A training shape of its own is `dataclasses.replace(problem, way=60)`.
    """

    name: ClassVar[str]  # what params.yaml calls it: that of its file, or of its entry point
    scale: ClassVar[Scale]
    chunk_size: ClassVar[int]  # episodes to map over at once, unless a recipe states it
    seconds_per_task: ClassVar[float]  # of meta-training, for forecasts without measurements
    warning: ClassVar[str] = ""  # printed above numbers that were measured on synthetic data
    constant_outputs: ClassVar[int] = 0  # how many of the last outputs do not depend on the input
    has_classes: ClassVar[bool] = False  # outputs are logits of an episode's classes, new ones in each episode

    way: int
    shot: int
    query: int
    num_classes: int = field(default=0, metadata=NO_KEY)  # in the data

    # The shape of inputs and outputs.

    @property
    @abc.abstractmethod
    def example(self) -> tuple[int, ...]:
        """The shape of one input: (height, width, channels) of an image, or (numbers,)."""

    @property
    def identities(self) -> int:
        """The number of classes in all data, above every `Examples.class_id`."""
        return 0

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """The length of a prediction."""

    @property
    def target(self) -> tuple[int, ...]:
        """The shape of one label, where labels are numbers."""
        return (self.outputs,)

    @property
    def has_images(self) -> bool:
        """Whether inputs are images, which a convolutional encoder embeds."""
        return len(self.example) == 3

    def has(self, properties: Iterable[str]) -> bool:
        """Whether all properties of these names are true, such as `has_images`; an unknown one is false."""
        return all(getattr(self, name, False) for name in properties)

    # Data below data/.

    @property
    def source(self) -> str | None:
        """The JSON file that states whether the data are `synthetic`."""
        return None

    @property
    def classes(self) -> str | None:
        """The table of all classes, for problems whose test classes must be new."""
        return None

    def sized(self, data: Path) -> Problem:
        """This problem with the fields that the data in the folder `data` determine, such as `num_classes`."""
        return self

    # A task in params.yaml.

    @classmethod
    def configured(cls, keys: Mapping[str, Any], data: Mapping[str, Any]) -> Problem:
        """The problem of a task's keys; `data` is that section of params.yaml.

        Raises UsageError where it lacks what the task names.
        """
        return cls(**keys)

    @classmethod
    def task_keys(cls) -> dict[str, Any]:
        """The keys of a task (beside `problem`) with their types, for pydantic."""
        return keys.task_keys(cls)

    def check(self, part: str, split: Mapping[str, Any]) -> None:  # noqa: B027  nothing to check is the usual case
        """Raise UsageError where the data have no episodes of this shape; `split` is that section of params.yaml."""

    # Episode files.

    @property
    def size(self) -> str:
        """Way, shot and query, in the names of files."""
        return f"{self.way}w{self.shot}s{self.query}q"

    def stream(self, part: str) -> str:
        """The name of the random stream of a part's episodes, which determines their bits."""
        return f"{self.name}/{part}-{self.size}.npy"

    def counted(self, part: str, count: int) -> int:
        """The number of episodes in a part: `count`, or that of a published set of episodes."""
        return count

    def drawn_from(self, split: str) -> tuple[str, ...]:
        """The files below data/ that episodes are drawn from, where the split has this name."""
        return ()

    @abc.abstractmethod
    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path]) -> np.ndarray:
        """A structured array (count,), one row an episode.

        `settings` are the section `episodes` of params.yaml, `sources` the places of the files `drawn_from`.
        """

    @property
    @abc.abstractmethod
    def row(self) -> np.dtype[Any]:
        """The type of a row of an episode file."""

    @abc.abstractmethod
    def possible(self, rows: np.ndarray) -> bool:
        """Whether every value of these rows, which are of the right type, is in its range."""

    def check_rows(self, rows: np.ndarray, culprit: str) -> None:
        """Raise UserError unless the rows of the file `culprit` can be episodes of this problem."""
        if rows.dtype != self.row or rows.ndim != 1 or not len(rows):
            raise UserError(f"{culprit}: not an episode file of this shape: {REDRAW}")
        if not self.possible(rows):
            raise UserError(f"{culprit}: values out of range: {REDRAW}")

    def classes_of(self, rows: np.ndarray) -> Int[np.ndarray, "episode class"]:
        """The classes of each episode, as row numbers of the table `classes`."""
        return np.zeros((len(rows), 0), dtype=np.int64)

    def classes_in(self, rows: np.ndarray) -> Int[np.ndarray, " class"]:
        """The classes that occur in episodes."""
        return np.unique(self.classes_of(rows))

    def class_names(self, table: Path) -> list[str]:
        """The names of all classes in the table `classes`, whose path this is."""
        return []

    # Episodes.

    @property
    def inputs(self) -> tuple[str, ...]:
        """The files below data/ that episodes need beside the episode files."""
        return ()

    def read(self, inputs: Sequence[Path], device: torch.device) -> Any:
        """The content of the files `inputs`, read once for all episode files of a data set."""
        return device

    @abc.abstractmethod
    def episodes(self, rows: np.ndarray, material: Any) -> Episodes:
        """The episodes of checked rows, from what `read` returned."""

    # Predictions: the predictor is a function, since in some problems its outputs determine the next inputs.
    @abc.abstractmethod
    def loss(self, predict: Predictor, examples: Examples, step: int = 0) -> Float[Tensor, ""]:
        """The loss of a predictor on a support or query set, which learners minimise.

        On a support set, `step` counts the updates before this one, for problems with new data in each step.
        """

    @abc.abstractmethod
    def score(self, predict: Predictor, examples: Examples) -> Float[Tensor, ""]:
        """The score of a predictor on a query set, in the unit of `scale`; nan where outputs are not finite."""

    @abc.abstractmethod
    def blind(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n outputs"]:
        """The best predictions that ignore the support set; their score is MetaScore's chance."""

    def better(self, score: float, than: float) -> bool:
        """Whether a score is better than another; one that is not finite never is."""
        if not np.isfinite(score):
            return False
        return not np.isfinite(than) or (score > than if self.scale.higher_is_better else score < than)

    def label_permutation_control(self, episodes: Episodes) -> Episodes | None:
        """Episodes whose support labels are permuted, in rounds of `way`; None for problems without classes."""
        return None

    # MetaScore.

    @property
    @abc.abstractmethod
    def perfect(self) -> float:
        """The best possible mean score: MetaScore's 100."""

    @property
    def chance(self) -> float | None:
        """The mean score of `blind`, MetaScore's 0; None: it is measured on each episode."""
        return None

    @property
    def guessing(self) -> float:
        """The standard deviation of a random guesser's score on one episode, where `chance` is known."""
        return math.inf

    # What people look at.

    def shown(self, episodes: Episodes) -> dict[str, np.ndarray]:
        """Arrays that figures show of the first episodes, by name; they are the same for all learners."""
        return {}

    def figure_data(self, episodes: Episodes, look: Look) -> dict[str, np.ndarray]:
        """Arrays that figures show of a learner beside its scores, by name.

        `look(view, count)` stacks `view(predictors, episode)` over the first `count` episodes (None: all) as float32
        (episode, ...). The predictors are those after 0, 1, ..., T adaptation steps.
        """
        return {}

    @abc.abstractmethod
    def title(self, synthetic: bool) -> str:
        """The title of a task in tables and figures."""

    @abc.abstractmethod
    def data(self, synthetic: bool) -> str:
        """The name of the data, for tables."""
