"""What must hold before numbers are published. Each check raises UserError: one line, culprit and cure.

Nothing here reads files: checks get arrays, and the name of what they are about.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from metascore.errors import UserError

STANDARD_ERRORS = 4  # a blind guesser is farther from 1/N once in 16000 times


def check_range(scores: Float[np.ndarray, "..."], is_accuracy: bool, culprit: str, cure: str) -> None:
    """Accuracies lie in [0, 1], errors are not negative; what is not finite is no matter of this check."""
    finite = scores[np.isfinite(scores)]
    if (finite < 0).any() or (is_accuracy and (finite > 1).any()):
        raise UserError(f"{culprit}: {'accuracies outside [0, 1]' if is_accuracy else 'negative errors'}: {cure}")


def check_chance(scores: Float[np.ndarray, "seed episode step"], way: int, queries: int, culprit: str) -> None:
    """The chance learner's accuracy is 1/N, as exactly as so many blind guesses (`queries` an episode) would be."""
    expected = 1 / way
    guesses = queries * scores.shape[0] * scores.shape[1]
    reach = STANDARD_ERRORS * np.sqrt(expected * (1 - expected) / guesses)
    mean = scores[..., -1].mean(dtype=np.float64)
    if not abs(mean - expected) <= reach:
        raise UserError(
            f"{culprit}: chance scores {mean:.4f}, not 1/{way} = {expected:.4f} ± {reach:.4f}: labels leak into the "
            "queries, or scores are counted wrongly: find out where before publishing anything"
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
