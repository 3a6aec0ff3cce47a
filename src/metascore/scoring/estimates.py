"""The results of one task, and every learner's estimates with their intervals."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metascore.scoring import comparisons, scores
from metascore.scoring.classes import shared_by_classes
from metascore.scoring.interquartile import interquartile_means
from metascore.scoring.intervals import Error, Interval, bounded, reach, slope
from metascore.scoring.variances import FEWEST, Model, mean_error, model


@dataclass(frozen=True)
class TaskResults:
    """The results of one task: for each learner the scores `(seed, episode, step)` and each seed's run.json."""

    task: str
    problem: str
    title: str
    measure: scores.Measure
    scores: dict[str, np.ndarray]
    records: dict[str, list[dict[str, Any]]]
    classes: Int[np.ndarray, "episode class"] | None = None  # of each episode
    same_training: dict[str, str] = field(default_factory=dict)  # learners that share the training of another learner
    trained_on: dict[str, str] = field(default_factory=dict)  # learners that were trained on another task, with it

    def axes(self, learner: str) -> dict[str, Any]:
        """What the learner declares: family, batch_norm, gradient_order, train_steps, test_steps, updates, examples."""
        return self.records[learner][0]["axes"]


@dataclass(frozen=True)
class Estimates:
    """Arrays in the order of the task's learners; curves are `(learner, step)`.

    One episode has no interval (the ends are nan); one episode or one seed has no pairs and no ranks.
    """

    score: Interval
    metascore: Interval
    new_classes: Interval  # of the MetaScore, for episodes of classes that were never drawn; nan without classes
    interquartile_mean: Interval
    degree: Interval
    speed: Interval
    curve: Interval
    pairs: comparisons.Pairs | None
    ranks: comparisons.Ranks | None
    error: Error  # of the MetaScore as a share: what an overall interval is made of


UNBOUNDED = (-np.inf, np.inf)

Values = Float[np.ndarray, "learner seed episode"]
Bounds = tuple[float, float]


def estimate(results: TaskResults) -> Estimates:
    """Every learner's estimates."""
    measure, learners = results.measure, list(results.scores)
    measured = np.stack([results.scores[learner] for learner in learners]).astype(np.float64)
    normalised = np.stack([measure.normalise(one) for one in measured])
    relative = np.stack([measure.relative(one) for one in normalised])
    areas, degrees, possible = scores.episode_areas(relative), relative[..., -1], measure.possible
    counted = scores.count_diverged(measured, measure)
    own = np.stack(
        [scores.raw_scores(results.scores[one], measure, results.axes(one)["test_steps"]) for one in learners]
    )
    unit = (measure.scale.lowest, measure.scale.highest)
    curve = [_interval(counted[..., step], unit) for step in range(counted.shape[-1])]
    degree, area = _interval(degrees, possible), _model(areas, possible)
    return Estimates(
        score=_interval(own, unit),
        metascore=_percent(_ends(areas, area, possible)),
        new_classes=_percent(_new_classes(areas, area, possible, results.classes)),
        interquartile_mean=_percent(interquartile_means(scores.episode_areas(normalised), possible, area)),
        degree=degree,
        speed=_speed(areas, degrees, degree),
        curve=Interval(*(np.stack(ends, axis=1) for ends in zip(*curve, strict=True))),
        **_comparisons(results, areas, area),
        error=mean_error(area),
    )


def overall(estimates: list[Estimates], places: list[list[int]]) -> Interval:
    """The mean MetaScore over tasks; `places` are the same learners' places in each of them.

    Tasks have seeds and episodes of their own, so their variances add; degrees of freedom are Satterthwaite's.
    """
    pairs = list(zip(estimates, places, strict=True))
    point = np.mean([one.metascore.point[chosen] for one, chosen in pairs], axis=0)
    seeds, episodes, freedom = (
        np.stack([getattr(one.error, name)[chosen] for one, chosen in pairs])
        for name in ("seeds", "episodes", "freedom")
    )
    total = seeds.sum(axis=0)
    with np.errstate(invalid="ignore"):
        degrees = np.where(total > 0, total**2 / (seeds**2 / freedom).sum(axis=0), 1.0)
    least = min(one.error.episode_freedom for one, _ in pairs)
    if least < 1:
        return Interval(point, np.full_like(point, np.nan), np.full_like(point, np.nan))
    tasks, none = len(pairs) ** 2, np.zeros_like(total)
    error = Error(total / tasks, degrees, none, degrees, episodes.sum(axis=0) / tasks, least)
    far = 100 * reach(error)
    return Interval(point, point - far, np.minimum(point + far, 100.0))


def _comparisons(results: TaskResults, areas: Values, area: Model) -> dict[str, Any]:
    """Pairs and ranks; None where there is one seed or one episode."""
    if min(areas.shape[1:]) < FEWEST:
        return {"pairs": None, "ranks": None}
    learners = list(results.scores)
    twins = [(learners.index(a), learners.index(b)) for a, b in results.same_training.items()]
    pairs = comparisons.compare_pairs(areas, area, twins)
    return {"pairs": pairs, "ranks": comparisons.ranks(area.sample.mean, pairs.different)}


def _model(values: Values, possible: Bounds) -> Model:
    unbounded = np.isinf(possible).all()
    return model(values, None if unbounded else slope(values.mean(axis=(1, 2)), *possible))


def _interval(values: Values, possible: Bounds) -> Interval:
    """The interval of the means; infinite where a value is infinite."""
    finite = np.isfinite(values).all(axis=(1, 2))
    filled = np.where(finite[:, None, None], values, 0.0)
    ends = _ends(filled, _model(filled, possible), possible)
    return Interval(*(np.where(finite, end, np.inf) for end in ends))


def _ends(values: Values, one: Model, possible: Bounds, more: Float[np.ndarray, " learner"] | float = 0.0) -> Interval:
    """The interval of the means, with `more` variance than the model's; without ends for one episode."""
    point = values.mean(axis=(1, 2))
    if values.shape[2] < FEWEST:
        return Interval(point, np.full_like(point, np.nan), np.full_like(point, np.nan))
    error = mean_error(one)
    return bounded(point, reach(error._replace(episodes=error.episodes + more)), *possible)


def _new_classes(
    values: Values, one: Model, possible: Bounds, classes: Int[np.ndarray, "episode class"] | None
) -> Interval:
    nothing = np.full(len(values), np.nan)
    if classes is None or not classes.size:
        return Interval(nothing, nothing, nothing)
    return _ends(values, one, possible, shared_by_classes(values.mean(axis=1), classes))


def _speed(areas: Values, degrees: Values, degree: Interval) -> Interval:
    """The ratio of area and degree; nan where the interval of the degree reaches chance.

    A ratio of means varies as the mean of (area - speed degree) / mean degree does (the delta method).
    """
    reached = np.where(degree.low > 0, degree.point, np.nan)
    ratio = areas.mean(axis=(1, 2)) / reached
    linear = (areas - ratio[:, None, None] * degrees) / reached[:, None, None]
    known = ~np.isnan(ratio)
    filled = np.where(known[:, None, None], ratio[:, None, None] + linear, 0.0)
    ends = _ends(filled, _model(filled, UNBOUNDED), UNBOUNDED)
    return Interval(*(np.where(known, end, np.nan) for end in (ratio, *ends[1:])))


def _percent(interval: Interval) -> Interval:
    return Interval(*(100 * end for end in interval))
