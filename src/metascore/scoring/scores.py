"""MetaScore and its parts: how far and how fast a learner adapts to tasks that it has never seen.

Scores are `(seed, episode, step)` everywhere: q(e, t) of test episode e after t = 0..T adaptation steps.

    n(e, t)   = (q(e, t) - chance) / (perfect - chance)                   0 = chance, 1 = perfect; not below floor(e)
    floor(e)  = -1, or what the chance learner gets on episode e where that is less
    degree    = mean_e n(e, T)                                            how far it gets
    speed     = mean_{t=1..T} mean_e n(e, t) / degree                     how soon
    MetaScore = 100 * degree * speed = 100 * mean_{t=1..T} mean_e n(e, t)

An episode whose adaptation diverges counts the worst possible score: accuracy 0, or its floor where errors have no
bound. The floor keeps a single bad episode from deciding a mean. It is at most the chance learner's score on the
episode, whose errors on sine waves reach four times their mean, so that the chance learner scores exactly 0. Accuracies
never reach it.

This module draws no random numbers and reads no files; intervals are in `intervals`, tests in `comparisons`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from metascore.problems.scale import ACCURACY, Scale

WORST = 20.0  # times the median error: a larger one has diverged
FLOOR = -1.0  # the lowest n of an episode, unless chance scores less


@dataclass(frozen=True)
class Measure:
    """What the scores of one task measure, such as accuracy in [0, 1], or mean squared error (lower is better)."""

    scale: Scale
    chance: float  # of the chance learner, in the unit of the scores
    perfect: float
    chances: Float64[np.ndarray, "episode 1"] | None = None  # of the chance learner on each episode, if they differ

    @property
    def floor(self) -> float | Float64[np.ndarray, "episode 1"]:
        """The lowest n(e, t), of every episode or of all."""
        return FLOOR if self.chances is None else np.minimum(self._ratio(self.chances), FLOOR)

    @property
    def possible(self) -> tuple[float, float]:
        """The lowest and highest n that scores can have, floor aside."""
        low, high = sorted(map(float, self._ratio(np.array([self.scale.lowest, self.scale.highest]))))
        return low, high

    def normalise(self, scores: Float[np.ndarray, "*seeds episode step"]) -> Float64[np.ndarray, "*seeds episode step"]:
        """n(e, t) of the module's docstring; the sign of an error cancels in the ratio."""
        return np.maximum(self._ratio(count_diverged(scores, self)), self.floor)

    def relative(
        self, normalised: Float64[np.ndarray, "seed episode step"]
    ) -> Float64[np.ndarray, "seed episode step"]:
        """The same means, with the spread between episodes that chance has where it is measured on the episodes.

        n is a ratio: it moves by -(1 - n) / (perfect - chance) with chance, except at the floor -1. The chance
        learner's own n is 0 on any episodes and has no spread.
        """
        if self.chances is None:
            return normalised
        moves = np.where(normalised == FLOOR, 0.0, 1 - normalised).mean(axis=(0, 1)) / (self.perfect - self.chance)
        return normalised - moves * (self.chances - self.chance)

    def _ratio(self, scores: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
        return (scores.astype(np.float64) - self.chance) / (self.perfect - self.chance)


def accuracy(way: int) -> Measure:
    """Classification among `way` classes: a blind guess is right once in `way` times."""
    return Measure(ACCURACY, chance=1 / way, perfect=1.0)


def measured_chance(scale: Scale, perfect: float, chance_scores: Float[np.ndarray, "seed episode step"]) -> Measure:
    """A measure whose chance is the chance learner's mean score on these episodes."""
    chances = chance_scores.astype(np.float64).mean(axis=(0, 2))[:, None]
    return Measure(scale, float(chances.mean()), perfect, chances)


def episode_areas(normalised: Float[np.ndarray, "*seeds episode step"]) -> Float[np.ndarray, "*seeds episode"]:
    """mean_{t=1..T} n(e, t): the area under each episode's curve, without the step before adaptation."""
    return normalised[..., 1:].mean(axis=-1)


def degree(normalised: Float[np.ndarray, "seed episode step"]) -> float:
    """How far the learner gets: the mean after the last step."""
    return float(normalised[..., -1].mean())


def speed(normalised: Float[np.ndarray, "seed episode step"]) -> float:
    """How soon it gets there: 1 where the first step reaches the degree; nan where the degree is not above chance."""
    reached = degree(normalised)
    return float(episode_areas(normalised).mean()) / reached if reached > 0 else float("nan")


def metascore(normalised: Float[np.ndarray, "seed episode step"]) -> float:
    """100 times the area under the adaptation curve: 0 at chance, 100 where the first step is perfect."""
    return 100 * float(episode_areas(normalised).mean())


def raw_scores(
    scores: Float[np.ndarray, "seed episode step"], measure: Measure, test_steps: int
) -> Float64[np.ndarray, "seed episode"]:
    """The score that papers print: each episode after the learner's own last step; a diverged one counts the worst."""
    last = min(test_steps, scores.shape[-1] - 1)
    return count_diverged(scores[..., last], measure)


def count_diverged(scores: Float[np.ndarray, "*shape"], measure: Measure) -> Float64[np.ndarray, "*shape"]:
    """Scores in which those that are not finite count as the worst: accuracy 0, or an infinite error."""
    return measure.scale.counted(scores).astype(np.float64)


def diverged(scores: Float[np.ndarray, "seed episode step"]) -> Bool[np.ndarray, "seed episode"]:
    """Which episodes have a score that is not finite at some step."""
    return ~np.isfinite(scores).all(axis=-1)


def runaway(own: Float64[np.ndarray, "seed episode"], scale: Scale) -> Bool[np.ndarray, "seed episode"]:
    """Which episodes have diverged: without a finite score, or with an error of more than WORST times the median."""
    finite = np.isfinite(own)
    return ~finite if scale.higher_is_better else ~finite | (own > WORST * np.median(own))
