"""What must hold before numbers are published. Each check raises UserError: one line, culprit and cure.

Nothing here reads files: checks get arrays, and the name of what they are about.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from metascore.errors import UserError
from metascore.problems.scale import Scale

STANDARD_ERRORS = 4  # a blind guesser is farther from 1/N once in 16000 times


def check_range(scores: Float[np.ndarray, "..."], scale: Scale, culprit: str, cure: str) -> None:
    """Scores lie in the range of their scale; what is not finite is no matter of this check."""
    finite = scores[np.isfinite(scores)]
    if (finite < scale.lowest).any() or (finite > scale.highest).any():
        raise UserError(f"{culprit}: {scale.name} outside [{scale.lowest:g}, {scale.highest:g}]: {cure}")


def check_chance(
    scores: Float[np.ndarray, "seed episode step"], expected: float, guessing: float, culprit: str
) -> None:
    """The chance learner scores what it must, as exactly as a blind guesser would.

    `guessing` is the standard deviation of a guesser's score on one episode.
    """
    reach = STANDARD_ERRORS * guessing / np.sqrt(scores.shape[0] * scores.shape[1])
    mean = scores[..., -1].mean(dtype=np.float64)
    if not abs(mean - expected) <= reach:
        raise UserError(
            f"{culprit}: chance scores {mean:.4f}, not {expected:.4f} ± {reach:.4f}: labels leak into the queries, or "
            "scores are counted wrongly: find out where before publishing anything"
        )


def check_unseen(
    test: Integer[np.ndarray, " character"], others: Integer[np.ndarray, "..."], names: list[str], culprit: str
) -> None:
    """No test character is among the characters of other episodes; `names` are those of all characters."""
    seen = np.intersect1d(test, others)
    if len(seen):
        raise UserError(
            f"{culprit}: {names[seen[0]]}, a test character, occurs in these episodes ({len(seen)} such): delete the "
            "file, then run `snakemake`, which draws it anew and trains again"
        )


def check_same_episodes(inputs: dict[str, dict[str, str]], culprit: str) -> None:
    """All runs of a task were judged on the same files; `inputs` are a run's test files with their digests."""
    reference, expected = next(iter(inputs.items()))
    for run, digests in inputs.items():
        if digests != expected:
            raise UserError(
                f"{culprit}: {run} and {reference} were judged on different episodes: run `metascore finetune` again "
                "for both"
            )


def check_divergence(scores: Float[np.ndarray, "seed episode step"], row: Mapping[Any, Any], culprit: str) -> None:
    """A row of the score table owns up to every episode without a finite score, as the share `diverged`."""
    share = float((~np.isfinite(scores)).any(axis=-1).mean())
    if not abs(row["diverged"] - share) <= 1 / scores.size or (not share and not np.isfinite(row["score"])):
        raise UserError(
            f"{culprit}: {share:.1%} of the episodes have no finite score, and the table says {row['diverged']:.1%} "
            f"(score {row['score']:g}): correct metascore.tables"
        )
