"""What must hold before numbers are published. Each check raises UserError: one line, culprit and cure.

Nothing here reads files: checks get arrays, and the name of what they are about.
"""

import numpy as np
from jaxtyping import Float, Integer
from scipy import special

from metascore.errors import UserError
from metascore.problems.scale import Scale

FALSE_ALARM = 1e-4  # how often a sound run is refused
FEWEST_ROUNDS = 2


def check_range(scores: Float[np.ndarray, "..."], scale: Scale, culprit: str, cure: str) -> None:
    """Scores lie in the range of their scale; what is not finite is no matter of this check."""
    finite = scores[np.isfinite(scores)]
    if (finite < scale.lowest).any() or (finite > scale.highest).any():
        raise UserError(f"{culprit}: {scale.name} outside [{scale.lowest:g}, {scale.highest:g}]: {cure}")


def check_label_permutation(
    scores: Float[np.ndarray, " episode"], way: int, expected: float, guessing: float, culprit: str
) -> None:
    """Where support labels say nothing of the queries', a learner scores what a blind guess does.

    In a round of `way` episodes each class has each label once: the mean over rounds is chance, and at the same place
    rounds differ by luck alone. The least luck is that of a blind guesser, whose score on one episode has the standard
    deviation `guessing`. One round says nothing.
    """
    finite = np.where(np.isfinite(scores), scores, expected)  # what diverges knows nothing
    rounds = finite.astype(np.float64).reshape(-1, way)
    if len(rounds) < FEWEST_ROUNDS:
        return
    luck = np.sqrt(max(rounds.var(axis=0, ddof=1).mean(), guessing**2) / rounds.size)
    reach = float(special.stdtrit((len(rounds) - 1) * way, 1 - FALSE_ALARM / 2) * luck)
    if not abs(rounds.mean() - expected) <= reach:
        raise UserError(
            f"{culprit}: with labels that say nothing it scores {rounds.mean():.4f}, not {expected:.4f} ± {reach:.4f}: "
            "something but the support set tells the classes of queries, or scores are counted wrongly: find out what "
            "before publishing anything"
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
