"""What a reader must know beside the numbers: what they are of, what is missing, what makes them uncertain."""

import pandas as pd

from metascore.config.params import Config
from metascore.scoring.estimates import TaskResults
from metascore.scoring.reached import unequal_times

FEW_SEEDS = 3  # with fewer, intervals say little about another seed


def warnings(config: Config, synthetic: bool) -> list[str]:
    """Without these the numbers mislead: synthetic data, and runs that are missing."""
    drawn = [problem.warning for problem in config.tasks.values() if synthetic and problem.warning]
    names = ", ".join(f"{learner} on {task}" for task, learner in sorted(config.left_out))
    left_out = [f"Missing: {names}. Ranks and intervals are those of the others."] if names else []
    return [*dict.fromkeys(drawn), *left_out]


def summary(config: Config, synthetic: bool) -> str:
    """Data, split, budget, seeds and test episodes in one line."""
    data = dict.fromkeys(problem.data(synthetic) for problem in config.tasks.values())
    return (
        f"Data: {', '.join(data)}. Split: {config.split_names()}. Budget: {config.budget}. "
        f"Seeds: {config.tell_seeds()}. Test episodes a task: {config.test_counts()}."
    )


def notes(config: Config, measured: list[TaskResults], scores: pd.DataFrame) -> list[str]:
    """Few seeds, unequal training times, trainings that stopped early; `scores` is the table of that name."""
    early = [f"{one.task}/{name}" for one in measured for name in one.scores if _stopped_early(config, one, name)]
    stopped = [f"Training stopped before its last iteration: {', '.join(early)}."] if early else []
    return [*_few_seeds(config), *unequal_times(scores), *stopped]


def _few_seeds(config: Config) -> list[str]:
    """A sentence for each number of seeds below FEW_SEEDS, with its tasks."""
    counts = {task: len(config.seeds_of(task)) for task in config.tasks}
    return [_few(count, counts) for count in sorted({*counts.values()}) if count < FEW_SEEDS]


def _few(count: int, counts: dict[str, int]) -> str:
    tasks = [task for task, own in counts.items() if own == count]
    where = "" if len(tasks) == len(counts) else f" of {', '.join(tasks)}"
    if count == 1:
        return f"One seed{where}: estimates and intervals are of these trained networks alone, and there are no ranks."
    return f"Fewer than three seeds{where} ({count}): intervals say little about another seed."


def _stopped_early(config: Config, measured: TaskResults, learner: str) -> bool:
    planned = config.recipe(measured.task, learner).training.iterations
    return any(record["iterations"] < planned for record in measured.records[learner])
