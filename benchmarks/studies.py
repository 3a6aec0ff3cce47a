"""Simulated studies of learners whose truth is known: right answers whose odds vary by seed, by episode and by both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special, stats

LEARNERS = 18
EPISODES = 400
QUERIES = 25
BY_EPISODE = 0.6  # standard deviations of log odds: of an episode, of what a learner makes of it, of what a seed does
BY_LEARNER_AND_EPISODE = 0.3
BY_SEED_AND_EPISODE = 0.2
TYPICAL = 0.012  # of accuracy: between the seeds of a learner at 50 %; elsewhere the same in log odds
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
QUANTILES = 400  # of a seed's effect, where truths are computed

SPREADS = {
    "equal": np.full(LEARNERS, TYPICAL),
    "unequal, 0.4 to 3 points": np.geomspace(0.004, 0.03, LEARNERS),
    "skewed variances": 0.008 * np.exp(0.6 * special.ndtri((np.arange(LEARNERS) + 0.5) / LEARNERS)),
    "skewed effects": np.full(LEARNERS, TYPICAL),  # most seeds a little above the mean, a few far below
}
LEVELS = {
    "70 %": np.full(LEARNERS, 0.7),
    "99 %": np.full(LEARNERS, 0.99),
    "50 to 99 %": np.repeat([0.5, 0.7, 0.85, 0.93, 0.97, 0.99], LEARNERS // 6),
}


@dataclass(frozen=True)
class Setting:
    """Of a study; learners with the same level are equally good where their spreads are."""

    seeds: int
    spread: str
    levels: Float[np.ndarray, " learner"]  # accuracy of a typical seed on a typical episode
    episodes: int = EPISODES

    @property
    def between_seeds(self) -> Float[np.ndarray, " learner"]:
        """Standard deviations of log odds. Neighbours in level have all kinds."""
        return 4 * np.random.default_rng(0).permutation(SPREADS[self.spread])

    def effects(self, random: np.random.Generator) -> Float[np.ndarray, "learner seed"]:
        """Of seeds on log odds."""
        shape = (len(self.levels), self.seeds)
        drawn = 1 - random.exponential(size=shape) if "effects" in self.spread else random.standard_normal(shape)
        return self.between_seeds[:, None] * drawn

    def draw(
        self, effects: Float[np.ndarray, "learner seed"], random: np.random.Generator
    ) -> Float[np.ndarray, "learner seed episode"]:
        """A study's accuracies. What seeds make of an episode has no part in a seed's mean over all episodes."""
        learners, seeds = effects.shape
        odds = BY_LEARNER_AND_EPISODE * random.standard_normal((learners, 1, self.episodes))
        odds = (
            odds
            + BY_EPISODE * random.standard_normal(self.episodes)
            + (special.logit(self.levels)[:, None] + effects)[:, :, None]
        )
        odds += BY_SEED_AND_EPISODE * random.standard_normal((learners, seeds, self.episodes), dtype=np.float32)
        return random.binomial(QUERIES, special.expit(odds)) / QUERIES

    def truth(self) -> Float[np.ndarray, " learner"]:
        """What endlessly many seeds and episodes would find."""
        return self.given(self.typical_effects()).mean(axis=1)

    def given(self, effects: Float[np.ndarray, "learner seed"]) -> Float[np.ndarray, "learner seed"]:
        """What endlessly many episodes would find of these seeds."""
        return self._chances(effects) @ WEIGHTS / WEIGHTS.sum()

    def middle(self, effects: Float[np.ndarray, "learner seed"]) -> Float[np.ndarray, " learner"]:
        """The interquartile mean that endlessly many episodes would find of these seeds together."""
        right = np.arange(QUERIES + 1)
        chances = self._chances(effects)[..., None]
        shares = np.einsum("lsnr,n->lr", stats.binom.pmf(right, QUERIES, chances), WEIGHTS)
        below = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
        kept = np.diff(np.clip(below, 0.25, 0.75), axis=1, prepend=0.25)
        return kept @ right / QUERIES / 0.5

    def typical_effects(self) -> Float[np.ndarray, "learner seed"]:
        """Of as many seeds as stand for all that there are: the quantiles of their effects."""
        probability = (np.arange(QUANTILES) + 0.5) / QUANTILES
        drawn = 1 + np.log1p(-probability) if "effects" in self.spread else special.ndtri(probability)
        return self.between_seeds[:, None] * drawn

    def _chances(self, effects: Float[np.ndarray, "learner seed"]) -> Float[np.ndarray, "learner seed node"]:
        """Of a right answer, on episodes of all kinds."""
        by_episode = np.sqrt(BY_EPISODE**2 + BY_LEARNER_AND_EPISODE**2 + BY_SEED_AND_EPISODE**2)
        odds = special.logit(self.levels)[:, None] + effects
        return special.expit(odds[..., None] + by_episode * NODES)
