"""`python -m benchmarks.statistics`: the tables of docs/reference/statistics.md, by simulation, in minutes.

`--studies 1000` makes as many studies a setting as the page speaks of.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from benchmarks.other_tests import Bootstrap, tukey, welch
from benchmarks.studies import LEARNERS, LEVELS, SPREADS, Setting
from metascore.scoring.comparisons import ALPHA, corrected
from metascore.scoring.interquartile import interquartile_means
from metascore.scoring.intervals import slope, tail
from metascore.scoring.variances import Model, difference_error, mean_error, model

STUDIES = 200
SEEDS = (2, 3, 5, 10)
UNEQUAL = list(SPREADS)[1]
MIDDLES = [(seeds, episodes) for seeds in (1, 3, 10) for episodes in (20, 400)]
GAPS = (6, 15, 45)  # standard errors
LOW = 0.4  # accuracy of the many, where one is better
PILOT = 100  # studies that tell a standard error
FEWER = 10  # the bootstrap takes long: it gets so many times fewer studies
OTHERS = ("before", "Welch", "Tukey")
FIRST, SECOND = np.triu_indices(LEARNERS, k=1)
NEIGHBOURS = np.arange(0, LEARNERS, 2), np.arange(1, LEARNERS, 2)
SAME = 1e-3  # by less than this, equal learners may differ since the seeds of one spread more
UNIT = (0.0, 1.0)

Values = Float[np.ndarray, "learner seed episode"]
Test = Callable[[Values], Float[np.ndarray, " pair"]]  # corrected p values of all pairs


class Found(NamedTuple):
    """Shares of studies: with a false difference, or one the wrong way, by test; of intervals that hold the truth."""

    errors: dict[str, float]
    of_means: float
    of_differences: float
    of_noisiest: float  # learner


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="how many, in each setting")
    for title, lines in tables(parser.parse_args().studies):
        print(f"\n{title}\n", *lines, sep="\n", flush=True)


def tables(studies: int) -> Iterator[tuple[str, list[str]]]:
    """Titles and lines."""
    kinds = [(seeds, spread) for seeds in (1, *SEEDS) for spread in SPREADS]
    found = {
        kind: {name: simulated(Setting(*kind, level), studies, _others(name)) for name, level in LEVELS.items()}
        for kind in kinds
    }
    tested = {kind: levels for kind, levels in found.items() if kind[0] > 1}
    yield "Share of studies that find a difference where there is none, or the wrong way round", error_lines(tested)
    yield "Per cent of 95 % intervals that hold the truth: of means / differences / the noisiest", coverage_lines(found)
    yield "Per cent of 95 % intervals that hold the interquartile mean", middle_lines(studies)
    yield "Share of true differences that is found", power_lines(studies)


def error_lines(found: dict[tuple[int, str], dict[str, Found]]) -> list[str]:
    """Ours by accuracy, then the other tests at the first of them."""
    lines = [["seeds", "seeds' variances", *LEVELS, *OTHERS]]
    for (seeds, spread), levels in found.items():
        ours = [f"{one.errors['ours']:.3f}" for one in levels.values()]
        first = next(iter(levels.values()))
        lines.append([str(seeds), spread, *ours, *(f"{first.errors[name]:.2f}" for name in OTHERS)])
    return piped(lines)


def coverage_lines(found: dict[tuple[int, str], dict[str, Found]]) -> list[str]:
    """By accuracy; the intervals of one seed speak of the trained networks."""
    lines = [["seeds", "seeds' variances", *LEVELS]]
    for (seeds, spread), levels in found.items():
        rates = [" / ".join(f"{100 * rate:.1f}" for rate in one[1:]) for one in levels.values()]
        lines.append([str(seeds), spread, *rates])
    return piped(lines)


def middle_lines(studies: int) -> list[str]:
    """By accuracy; seeds' variances are unequal."""
    lines = [["seeds", "episodes", *LEVELS]]
    for seeds, episodes in MIDDLES:
        settings = [Setting(seeds, UNEQUAL, level, episodes) for level in LEVELS.values()]
        lines.append([str(seeds), str(episodes), *(f"{100 * middles_held(one, studies):.1f}" for one in settings)])
    return piped(lines)


def power_lines(studies: int) -> list[str]:
    """One learner is better than the other 17, which are equal."""
    lines = [["seeds", "true gap, standard errors", "ours", *OTHERS]]
    for seeds in SEEDS[:3]:
        for gap in GAPS:
            shares = share_found(seeds, gap, studies)
            lines.append([str(seeds), str(gap), *(f"{shares[name]:.2f}" for name in ("ours", *OTHERS))])
    return piped(lines)


def piped(lines: list[list[str]]) -> list[str]:
    """A Markdown table, from its head and rows."""
    head, *rows = lines
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def simulated(setting: Setting, studies: int, others: tuple[str, ...] = ()) -> Found:
    """Studies of learners of which those at the same level are equally good."""
    random, truth = np.random.default_rng(0), setting.truth()
    tests = {name: _test(name, setting.seeds, random) for name in ("ours", *others) if setting.seeds > 1}
    wrong: dict[str, list[bool]] = {name: [] for name in tests}
    holds: list[tuple[np.ndarray, np.ndarray]] = []
    for study in range(studies):
        effects = setting.effects(random)
        values = setting.draw(effects, random)
        holds.append(_holds(values, setting.given(effects)[:, 0] if setting.seeds == 1 else truth))
        for name, test in tests.items():
            if name != "before" or study % FEWER == 0:
                wrong[name].append(bool(((test(values) <= ALPHA) & _must_not_differ(values, truth)).any()))
    means, differences = (np.stack(part) for part in zip(*holds, strict=True))
    noisiest = int(np.argmax(setting.between_seeds * truth * (1 - truth)))
    errors = {name: float(np.mean(found)) for name, found in wrong.items()}
    return Found(errors, means.mean(), differences.mean(), means[:, noisiest].mean())


def _must_not_differ(values: Values, truth: Float[np.ndarray, " learner"]) -> Bool[np.ndarray, " pair"]:
    """Pairs of equal learners, and those of which the worse one looks better."""
    seen, true = ((mean[FIRST] - mean[SECOND]) for mean in (values.mean(axis=(1, 2)), truth))
    return (np.abs(true) < SAME) | (np.sign(seen) != np.sign(true))


def _holds(values: Values, truth: Float[np.ndarray, " learner"]) -> tuple[np.ndarray, np.ndarray]:
    """Whether the intervals hold it: of each mean, and of differences of neighbours."""
    one = _model(values)
    mean, (first, second) = one.sample.mean, NEIGHBOURS
    odds = np.log(mean / (1 - mean)) - np.log(truth / (1 - truth))
    of_means = tail(np.abs(odds) * slope(mean, *UNIT), mean_error(one))
    off = mean - truth
    of_differences = tail(np.abs(off[first] - off[second]), difference_error(one, first, second))
    return of_means >= ALPHA, of_differences >= ALPHA


def middles_held(setting: Setting, studies: int) -> float:
    """The share of intervals of interquartile means that hold the truth."""
    random, truth = np.random.default_rng(0), setting.middle(setting.typical_effects())
    held = []
    for _ in range(studies):
        effects = setting.effects(random)
        values = setting.draw(effects, random)
        _, low, high = interquartile_means(values, UNIT, _model(values))
        truth = setting.middle(effects) if setting.seeds == 1 else truth
        held.append(float(((low <= truth) & (truth <= high)).mean()))
    return float(np.mean(held))


def share_found(seeds: int, gap: float, studies: int) -> dict[str, float]:
    """Of the pairs of the best learner, by test."""
    random, level = np.random.default_rng(0), np.full(LEARNERS, LOW)
    level[0] += gap * _standard_error(Setting(seeds, "equal", level), random)
    setting = Setting(seeds, "equal", level)
    tests = {name: _test(name, seeds, random) for name in ("ours", *OTHERS)}
    found: dict[str, list[float]] = {name: [] for name in tests}
    for study in range(studies):
        values = setting.draw(setting.effects(random), random)
        for name, test in tests.items():
            if name != "before" or study % FEWER == 0:
                found[name].append(float((test(values)[FIRST == 0] <= ALPHA).mean()))
    return {name: float(np.mean(shares)) for name, shares in found.items()}


def _standard_error(setting: Setting, random: np.random.Generator) -> float:
    """Of the difference of two learners, as the spread of differences over studies."""
    means = [setting.draw(setting.effects(random), random).mean(axis=(1, 2)) for _ in range(PILOT)]
    first, second = NEIGHBOURS
    return float(np.std([mean[first] - mean[second] for mean in means]))


def _others(level: str) -> tuple[str, ...]:
    """The other tests are tried at the first level."""
    return OTHERS if level == next(iter(LEVELS)) else ()


def _test(name: str, seeds: int, random: np.random.Generator) -> Test:
    return Bootstrap(seeds, random) if name == "before" else {"ours": _ours, "Welch": welch, "Tukey": tukey}[name]


def _ours(values: Values) -> Float[np.ndarray, " pair"]:
    one = _model(values)
    distance = np.abs(one.sample.mean[FIRST] - one.sample.mean[SECOND])
    return corrected(tail(distance, difference_error(one, FIRST, SECOND)))


def _model(values: Values) -> Model:
    return model(values, slope(values.mean(axis=(1, 2)), *UNIT))


if __name__ == "__main__":
    main()
