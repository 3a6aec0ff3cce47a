"""Classification and regression: losses and scores that compare outputs with labels."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from jaxtyping import Float, Int

from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Episodes, Examples
from metascore.problems.scale import ACCURACY, ERROR, Scale

if TYPE_CHECKING:
    from torch import Tensor

    from metascore.problems.examples import Look, Predictor

SHOWN = 2  # the first episodes of the test file


@dataclass(frozen=True, kw_only=True)
class Classification(Problem):
    """Outputs are logits of the `way` classes of an episode."""

    scale: ClassVar[Scale] = ACCURACY
    has_classes: ClassVar[bool] = True

    @property
    def outputs(self) -> int:
        return self.way

    def loss(self, predict: Predictor, examples: Examples, step: int = 0) -> Float[Tensor, ""]:
        """Mean over examples of the cross-entropy."""
        return cross_entropy(predict(examples.x), examples.y).mean()

    def score(self, predict: Predictor, examples: Examples) -> Float[Tensor, ""]:
        """Accuracy in [0, 1]; k equal highest logits score 1/k each, infinite or nan logits nan."""
        outputs = predict(examples.x)
        best = outputs == outputs.amax(1, keepdim=True)
        credit = best.gather(1, examples.y[:, None]).squeeze(1) / best.sum(1)
        return credit.mean().where(outputs.isfinite().all(), math.nan)

    def blind(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n outputs"]:
        """Equal logits: every class is as likely as any other."""
        return x.new_zeros(len(x), self.outputs)

    def label_permutation_control(self, episodes: Episodes) -> PermutedLabels:
        return PermutedLabels(episodes, self.way)

    def shown(self, episodes: Episodes) -> dict[str, np.ndarray]:
        """Images of the first episodes, and the classes of the queries.

        support (episode, way, height, width): the first shot of each class; query (episode, query, height, width),
        both with an axis of three colours where they are no ink on paper; answer (episode, query).
        """
        if not self.has_images:
            return {}
        support, query = episodes.batch(np.arange(min(SHOWN, len(episodes))))
        return {
            "support": self.seen(support.x[:, : self.way]).cpu().numpy(),
            "query": self.seen(query.x).cpu().numpy(),
            "answer": query.y.cpu().numpy(),
        }

    def figure_data(self, episodes: Episodes, look: Look) -> dict[str, np.ndarray]:
        """The predicted classes of the queries of `shown` after the last step: chosen (episode, query)."""
        if not self.has_images:
            return {}
        chosen = look(lambda predictors, episode: predictors[-1](episode.query.x).argmax(1), SHOWN)
        return {"chosen": chosen.astype(np.int64)}

    def seen(self, x: Float[Tensor, "*n height width channel"]) -> Float[Tensor, ...]:
        """Images as figures show them: the share of ink."""
        return x.squeeze(-1)

    @property
    def perfect(self) -> float:
        return 1.0

    @property
    def chance(self) -> float:
        return 1 / self.way

    @property
    def guessing(self) -> float:
        """Each of way * query guesses is right with probability 1 / way."""
        return math.sqrt(self.chance * (1 - self.chance) / (self.way * self.query))


class PermutedLabels(Episodes):
    """Whole rounds of `way` episodes; in the e-th of a round the support examples are shifted by e classes.

    Each class has each label once a round, so the mean accuracy is 1/way for every learner that knows the classes of
    queries by the support set only.
    """

    def __init__(self, episodes: Episodes, way: int) -> None:
        self.episodes, self.way = episodes, way

    def __len__(self) -> int:
        return len(self.episodes) // self.way * self.way

    def batch(self, index: np.ndarray) -> Episode:
        """Examples still come shot by shot, the first `way` labelled 0, 1, ..."""
        import torch

        support, query = self.episodes.batch(index)
        shot, place = np.divmod(np.arange(support.y.shape[1]), self.way)
        source = shot * self.way + (place - index[:, None]) % self.way
        chosen = torch.arange(len(index))[:, None], torch.from_numpy(source)
        return Episode(support._replace(x=support.x[chosen], class_id=support.class_id[chosen]), query)


@dataclass(frozen=True, kw_only=True)
class Regression(Problem):
    """Outputs are real numbers, as many as a label has; `shot` and `query` count examples."""

    scale: ClassVar[Scale] = ERROR

    way: int = dataclasses.field(default=1, init=False)

    @property
    def size(self) -> str:
        return f"{self.shot}s{self.query}q"

    def loss(self, predict: Predictor, examples: Examples, step: int = 0) -> Float[Tensor, ""]:
        """Mean squared error."""
        return (predict(examples.x) - examples.y).square().mean()

    def score(self, predict: Predictor, examples: Examples) -> Float[Tensor, ""]:
        """The loss: lower is better."""
        return self.loss(predict, examples)

    @property
    def perfect(self) -> float:
        return 0.0


def cross_entropy(logits: Float[Tensor, "n classes"], y: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Of each example. PyTorch's own, mapped over episodes, goes through a decomposition that imports sympy."""
    return -logits.log_softmax(1).gather(1, y[:, None]).squeeze(1)
