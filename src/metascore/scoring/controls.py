"""Controls that results pass before they are published. Each raises UserError with culprit and cure in one line.

They read no files: they take arrays, and the name of the culprit.
"""

import numpy as np
from jaxtyping import Float, Integer
from scipy import special

from metascore.errors import UserError
from metascore.problems.scale import Scale

FALSE_ALARM = 1e-4  # how often a sound run is refused
FEWEST_ROUNDS = 2


def check_range(scores: Float[np.ndarray, "..."], scale: Scale, culprit: str, cure: str) -> None:
    """Finite scores lie in the range of their scale."""
    finite = scores[np.isfinite(scores)]
    if (finite < scale.lowest).any() or (finite > scale.highest).any():
        raise UserError(f"{culprit}: {scale.name} outside [{scale.lowest:g}, {scale.highest:g}]: {cure}")


def check_label_permutation(
    scores: Float[np.ndarray, " episode"], way: int, expected: float, guessing: float, culprit: str
) -> None:
    """With permuted support labels a learner scores as a blind guess does: `expected` on average.

    In a round of `way` episodes each class has each label once, so the mean over a round is chance, and rounds differ
    by luck alone: at least by that of a blind guesser, whose score on one episode has the standard deviation
    `guessing`. The test needs two rounds; with fewer it passes.
    """
    finite = np.where(np.isfinite(scores), scores, expected)  # a diverged episode counts as chance
    rounds = finite.astype(np.float64).reshape(-1, way)
    if len(rounds) < FEWEST_ROUNDS:
        return
    luck = np.sqrt(max(rounds.var(axis=0, ddof=1).mean(), guessing**2) / rounds.size)
    reach = float(special.stdtrit((len(rounds) - 1) * way, 1 - FALSE_ALARM / 2) * luck)
    if not abs(rounds.mean() - expected) <= reach:
        raise UserError(
            f"{culprit}: with permuted support labels it scores {rounds.mean():.4f}, not {expected:.4f} ± {reach:.4f}: "
            "it learns the classes of queries from elsewhere, or its scores are wrong: find the cause before publishing"
        )


def check_unseen(
    test: Integer[np.ndarray, " class"], others: Integer[np.ndarray, "..."], names: list[str], culprit: str
) -> None:
    """No test class is among the classes of other episodes; `names` are those of all classes."""
    seen = np.intersect1d(test, others)
    if len(seen):
        raise UserError(
            f"{culprit}: {names[seen[0]]}, a test class, occurs in these episodes ({len(seen)} such classes): delete "
            "the file, then run `snakemake`, which draws it and trains again"
        )


def check_same_episodes(inputs: dict[str, dict[str, str]], culprit: str) -> None:
    """All runs of a task were evaluated on the same files; `inputs` are each run's test files with their digests."""
    reference, expected = next(iter(inputs.items()))
    for run, digests in inputs.items():
        if digests != expected:
            raise UserError(
                f"{culprit}: {run} and {reference} were evaluated on different episodes: run `metascore finetune` for "
                "both"
            )
