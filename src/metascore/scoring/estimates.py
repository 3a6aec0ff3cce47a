"""All numbers of one task: what was measured, and every learner's estimates with their intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from metascore.scoring import comparisons, scores
from metascore.scoring.intervals import Interval, percentile_interval, resample_means


@dataclass(frozen=True)
class TaskResults:
    """One task, measured: for each learner the scores `(seed, episode, step)` and each seed's run.json."""

    task: str
    problem: str
    title: str
    measure: scores.Measure
    scores: dict[str, np.ndarray]
    records: dict[str, list[dict[str, Any]]]

    def axes(self, learner: str) -> dict[str, Any]:
        """What the learner declares: family, batch_norm, gradient_order, train_steps, test_steps."""
        return self.records[learner][0]["axes"]


@dataclass(frozen=True)
class Estimates:
    """Arrays in the order of the task's learners; curves are `(learner, step)`."""

    score: Interval
    metascore: Interval
    interquartile_mean: Interval
    degree: Interval
    speed: Interval
    curve: Interval
    pairs: comparisons.Pairs
    ranks: list[int]
    draws: Float[np.ndarray, "resample learner"]  # of the MetaScore: what an overall interval is made of


def estimate(results: TaskResults, generator: np.random.Generator) -> Estimates:
    """Every learner's estimates; resamples are shared by all learners, since seeds and episodes are."""
    values = np.stack([_statistics(results, learner) for learner in results.scores])
    interval, draws = _intervals(values, _possible(results.measure, values.shape[-1]), generator)
    areas = values[..., 0]
    pairs = comparisons.compare_pairs(areas, generator)
    area, score, interquartile, degree = (_pick(interval, k) for k in range(4))
    return Estimates(
        score=score,
        metascore=Interval(*(100 * end for end in area)),
        interquartile_mean=Interval(*(100 * end for end in interquartile)),
        degree=degree,
        speed=_speed(draws[..., 0], draws[..., 3], area, degree),
        curve=_pick(interval, slice(4, None)),
        pairs=pairs,
        ranks=comparisons.ranks(area.point, pairs.different),
        draws=100 * draws[..., 0],
    )


def overall(estimates: list[Estimates], places: list[list[int]]) -> Interval:
    """The mean MetaScore over tasks, stratified by task; `places` are the same learners' places in each of them."""
    pairs = list(zip(estimates, places, strict=True))
    point = np.mean([one.metascore.point[chosen] for one, chosen in pairs], axis=0)
    return percentile_interval(point, np.mean([one.draws[:, chosen] for one, chosen in pairs], axis=0))


def _statistics(results: TaskResults, learner: str) -> Float[np.ndarray, "seed episode statistic"]:
    """Area, raw score, interquartile influence of the area, degree, then the curve: a number an episode."""
    measured, measure = results.scores[learner], results.measure
    normalised = measure.normalise(measured)
    areas = scores.episode_areas(normalised)
    columns = [
        areas,
        scores.raw_scores(measured, measure, results.axes(learner)["test_steps"]),
        scores.interquartile_influence(areas),
        normalised[..., -1],
    ]
    return np.concatenate([np.stack(columns, axis=-1), scores.count_diverged(measured, measure)], axis=-1)


def _possible(measure: scores.Measure, statistics: int) -> Float[np.ndarray, "2 statistic"]:
    """The lowest and highest value that each statistic can have: no interval goes beyond."""
    bounds = np.tile([[measure.scale.lowest], [measure.scale.highest]], (1, statistics))
    bounds[:, [0, 2, 3]] = [[np.mean(measure.floor)], [1.0]]
    return bounds


def _intervals(
    values: Float[np.ndarray, "learner seed episode statistic"],
    possible: Float[np.ndarray, "2 statistic"],
    generator: np.random.Generator,
) -> tuple[Interval, Float[np.ndarray, "resample learner statistic"]]:
    """Means with intervals, and their draws. The mean of a statistic with an infinite value is infinite."""
    learners, seeds, episodes, statistics = values.shape
    finite = np.isfinite(values).all(axis=(1, 2))
    filled = np.where(finite[:, None, None], values, 0)
    flat = np.moveaxis(filled, 0, 2).reshape(seeds, episodes, learners * statistics)
    draws = resample_means(flat, generator).reshape(-1, learners, statistics)
    point, low, high = percentile_interval(filled.mean(axis=(1, 2)), draws)
    interval = point, np.maximum(low, possible[0]), np.minimum(high, possible[1])
    return Interval(*(np.where(finite, end, np.inf) for end in interval)), draws


def _pick(interval: Interval, statistic: int | slice) -> Interval:
    return Interval(*(end[:, statistic] for end in interval))


def _speed(
    area_draws: Float[np.ndarray, "resample learner"],
    degree_draws: Float[np.ndarray, "resample learner"],
    area: Interval,
    degree: Interval,
) -> Interval:
    """The ratio of area and degree; not a number where the interval of the degree reaches down to chance."""
    beats_chance = degree.low > 0
    draws = area_draws / np.where(degree_draws > 0, degree_draws, np.nan)
    point = area.point / np.where(beats_chance, degree.point, np.nan)
    ends = np.nanquantile(np.where(beats_chance, draws, 0), [0.025, 0.975], axis=0)
    low, high = np.where(beats_chance, ends, np.nan)
    return Interval(point, np.minimum(low, point), np.maximum(high, point))
