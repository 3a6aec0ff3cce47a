"""Tables from estimates, mostly one row a task and learner, and metrics."""

from typing import Any

import numpy as np
import pandas as pd

from metascore.scoring import scores
from metascore.scoring.estimates import Estimates, TaskResults, overall
from metascore.scoring.intervals import Interval

METRICS_AT_MOST = 60  # keys: what `dvc metrics diff` still prints readably
DECLARED = ["batch_norm", "gradient_order", "train_steps", "test_steps", "updates", "examples"]
PAIR_COLUMNS = ["task", "learner", "other"]
PAIR_COLUMNS += [f"{name}{end}" for name in ("probability", "difference") for end in ("", "_low", "_high")]
PAIR_COLUMNS += ["p", "significant"]
HISTORY = ["iteration", "tasks", "seconds", "validation", "validation_low", "validation_high", "learner", "task"]
INTERVALS = ["score", "metascore", "interquartile_mean", "degree", "speed"]  # and new_classes, without a point


def score_table(results: TaskResults, estimates: Estimates) -> pd.DataFrame:
    """One row a learner, the best first. Scores in their own unit (accuracy in [0, 1]), seconds a run."""
    rows = [_row(results, learner) for learner in results.scores]
    table = pd.DataFrame(rows).assign(**_ranks(estimates, len(rows)))
    for name in INTERVALS:
        table = table.assign(**_ends(name, getattr(estimates, name)))
    _, low, high = estimates.new_classes
    table = table.assign(new_classes_low=low, new_classes_high=high)
    return table.sort_values("metascore", ascending=False, kind="stable").reset_index(drop=True)


def _ranks(estimates: Estimates, learners: int) -> dict[str, Any]:
    """The best and the worst possible rank of each, as whole numbers; missing where there are no ranks."""
    nothing = np.full(learners, None)
    low, high = (nothing, nothing) if estimates.ranks is None else estimates.ranks
    return {"rank_low": pd.array(low, dtype="Int64"), "rank_high": pd.array(high, dtype="Int64")}


def _row(results: TaskResults, learner: str) -> dict[str, Any]:
    records, axes = results.records[learner], results.axes(learner)
    return {
        "task": results.task,
        "learner": learner,
        "family": axes["family"],
        "measure": results.measure.scale.name,
        **{name: axes[name] for name in DECLARED},
        "trained_on": results.trained_on.get(learner, results.task),
        "parameters": records[0]["parameters"],
        "seconds": np.mean([record["seconds"] for record in records]),
        "tasks_seen": records[0]["tasks"],
        "tasks_per_second": np.mean([record["tasks_per_second"] for record in records]),
        "diverged": scores.diverged(results.scores[learner]).mean(),
        **_typical(results, learner),
        "seeds": len(records),
        "device": ", ".join(sorted({record["device"] for record in records})),
    }


def _typical(results: TaskResults, learner: str) -> dict[str, float]:
    """The median score of an episode, and the share of episodes that are much worse."""
    own = scores.raw_scores(results.scores[learner], results.measure, results.axes(learner)["test_steps"])
    return {"median": np.median(own), "runaway": scores.runaway(own, results.measure.scale).mean()}


def _ends(name: str, interval: Interval) -> dict[str, np.ndarray]:
    return {name: interval.point, f"{name}_low": interval.low, f"{name}_high": interval.high}


def pair_table(results: TaskResults, estimates: Estimates) -> pd.DataFrame:
    """One row an ordered pair of learners; no rows where one seed or one episode gives no test.

    `difference` is of their MetaScores, `p` of there being none, corrected for all pairs of the task (Shaffer 1986);
    `probability` says how often one beats the other on an episode.
    """
    if estimates.pairs is None:
        return pd.DataFrame(columns=PAIR_COLUMNS)
    learners, pairs = np.array(list(results.scores)), estimates.pairs
    first, second = np.nonzero(~np.eye(len(learners), dtype=bool))
    improvement, difference = (
        Interval(*(end[first, second] for end in one)) for one in (pairs.improvement, pairs.difference)
    )
    columns = {
        "task": results.task,
        "learner": learners[first],
        "other": learners[second],
        **_ends("probability", improvement),
        **_ends("difference", Interval(*(100 * end for end in difference))),
        "p": pairs.p_values[first, second],
        "significant": pairs.different[first, second],
    }
    return pd.DataFrame(columns)[PAIR_COLUMNS]


def curve_table(results: TaskResults, estimates: Estimates) -> pd.DataFrame:
    """The adaptation curves: one row a learner and step, with the gradient updates until then."""
    frames = []
    for k, learner in enumerate(results.scores):
        frame = pd.DataFrame(_ends("score", Interval(*(end[k] for end in estimates.curve)))).assign(learner=learner)
        frame = frame.rename_axis("step").reset_index()
        axes = results.axes(learner)
        frames.append(frame.assign(updates=axes["updates"] * frame["step"].clip(upper=axes["test_steps"])))
    return pd.concat(frames, ignore_index=True).assign(task=results.task)


def history_table(task: str, histories: dict[str, list[pd.DataFrame]]) -> pd.DataFrame:
    """The learning curves: validation scores, as mean and range over seeds, and mean seconds."""
    frames = [
        pd.concat(runs)
        .groupby("iteration", as_index=False)
        .agg(
            tasks=("tasks", "mean"),
            seconds=("seconds", "mean"),
            validation=("validation", "mean"),
            validation_low=("validation", "min"),
            validation_high=("validation", "max"),
        )
        .assign(learner=learner, task=task)
        for learner, runs in histories.items()
    ]
    return joined(frames, HISTORY)


def joined(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """One table of several; with these columns where all are empty."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def overall_tables(results: list[TaskResults], estimates: list[Estimates]) -> pd.DataFrame:
    """The mean MetaScore over the tasks of each problem, the best first; `tasks` says how many there are."""
    pairs = list(zip(results, estimates, strict=True))
    problems = dict.fromkeys(one.problem for one in results)
    frames = [_overall(problem, [pair for pair in pairs if pair[0].problem == problem]) for problem in problems]
    return pd.concat(frames, ignore_index=True)


def _overall(problem: str, pairs: list[tuple[TaskResults, Estimates]]) -> pd.DataFrame:
    """The means of the learners that do all tasks of the problem: means over fewer tasks do not compare."""
    names = [list(results.scores) for results, _ in pairs]
    learners = [learner for learner in names[0] if all(learner in others for others in names)]
    places = [[others.index(learner) for learner in learners] for others in names]
    table = pd.DataFrame({"problem": problem, "learner": learners, "tasks": len(pairs)})
    table = table.assign(**_ends("metascore", overall([estimates for _, estimates in pairs], places)))
    return table.sort_values("metascore", ascending=False, kind="stable")


def metrics(table: pd.DataFrame, overall: pd.DataFrame) -> dict[str, float]:
    """MetaScores and scores, MetaScores alone, or means over tasks: the first with METRICS_AT_MOST keys or fewer."""
    rows = table.to_dict("records")
    metascores = {f"{row['task']}.{row['learner']}.metascore": row["metascore"] for row in rows}
    raw = {f"{row['task']}.{row['learner']}.score": row["score"] for row in rows}
    chosen = metascores | raw
    if len(chosen) > METRICS_AT_MOST:
        chosen = metascores
    if len(chosen) > METRICS_AT_MOST:
        means = overall.to_dict("records")
        chosen = {f"{row['problem']}.{row['learner']}.metascore": row["metascore"] for row in means}
    return {key: round(float(value), 6) for key, value in chosen.items() if np.isfinite(value)}
