"""Tables of README and docs/ are made from those of results/: what the blocks say, and that a stale one is seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metascore.errors import UserError
from metascore.problems.scale import LEVELS
from metascore.report import blocks
from metascore.report.measured import Measured
from metascore.report.page_blocks import block
from metascore.report.table_cells import PRIORS

PAGE = "Prose.\n\n<!-- made by make docs: {} -->\nstale\n<!-- end -->\n\nMore prose.\n"


def score_rows():
    """Two learners on an image task and a task of waves; the second does the images only."""
    ends = {f"{name}{end}": 0.5 for name in ("interquartile_mean", "degree", "speed") for end in ("", "_low", "_high")}
    same = {"batch_norm": "none", "gradient_order": 0, "train_steps": 0, "test_steps": 1, "parameters": 7}
    same |= {"new_classes_low": np.nan, "new_classes_high": np.nan}
    same |= {"tasks_seen": 500, "seconds": 12.3, "diverged": 0.0, "runaway": 0.0, "seeds": 3, "device": "CPU"} | ends
    rows = [
        {
            "task": "images",
            "learner": "good",
            "family": "metric",
            "measure": "accuracy",
            "rank_low": 1,
            "rank_high": 1,
            "score": 0.9,
        },
        {
            "task": "images",
            "learner": "bad",
            "family": "control",
            "measure": "accuracy",
            "rank_low": 2,
            "rank_high": 2,
            "score": 0.2,
        },
        {
            "task": "waves",
            "learner": "good",
            "family": "metric",
            "measure": "error",
            "rank_low": 1,
            "rank_high": 1,
            "score": 0.5,
        },
    ]
    frame = pd.DataFrame([row | same for row in rows])
    for name, factor in (("score", 1), ("metascore", 100)):
        point = factor * frame["score"]
        frame = frame.assign(median=frame["score"], trained_on=frame["task"])
        frame = frame.assign(**{name: point, f"{name}_low": point - factor * 0.01, f"{name}_high": point})
    return frame


@pytest.fixture
def measured():
    curve = [{"task": "waves", "learner": "good", "step": step, "score": 1 / (1 + step)} for step in range(11)]
    prior = {"task": "waves", "learner": "good", "seed": 0} | dict.fromkeys(PRIORS, 0.25)
    columns = ["learner", "task", "steps", "score", "reach", "source"]
    printed = [
        ("good", "images", 1, 0.987, 0.004, "Paper 2017, table 1"),
        ("good", "waves", 1, 0.67, np.nan, "Paper 2017, table 2"),
        ("good", "waves", 5, 0.38, np.nan, "Paper 2017, table 2"),
        ("bad", "more", 1, 0.41, np.nan, "Another 2016"),
    ]
    learned = [("images", "good", iteration, 0.5 + 0.001 * iteration) for iteration in (0, 100, 190, 300, 400)]
    return Measured(
        budget="quick",
        scores=score_rows(),
        curves=pd.DataFrame(curve),
        priors=pd.DataFrame([prior]),
        reached=pd.DataFrame(
            [("images", "good", level, 3.0) for level in LEVELS], columns=["task", "learner", "level", "seconds"]
        ),
        learning=pd.DataFrame(learned, columns=["task", "learner", "iteration", "validation"]),
        published=pd.DataFrame(printed, columns=columns),
        measures={"images": "accuracy", "more": "accuracy", "waves": "error"},
        families={"bad": "control", "good": "metric"},
    )


@pytest.mark.parametrize(
    "words, row",
    [
        ("scores images", "| 1 | good | metric | 90.00 ± 1.00 | 90.0 ± 1.0 | 12.3 | none |"),
        ("reached images", "| good | 3.0 s | 3.0 s | 3.0 s | 3.0 s | 12.3 s | 500 |"),
        ("page good", "| images | quick | 3 | 12 | 90.00 ± 1.00 % | 90.0 ± 1.0 | 98.7 ± 0.4 % (Paper 2017) |"),
        ("page good", "| quick | 3 | 12 | 0.500 / 0.167 / 0.091 | 50.0 ± 1.0 | 0.67 / 0.38 (Paper 2017) |"),
        ("page bad", "| more |  |  |  | not run |  | 41 % (Another 2016) |"),
        ("page unknown", "Not part of budget `quick`."),
        ("learners", "| control | [bad](../algorithms/bad.md) |"),
        ("priors waves", "| good | 0.25 (0.25–0.25) | 1.000 | 0.500 | 0.167 | 0.091 |"),
        ("moves waves good", "| good | 0.25 (0.25–0.25) | 0.25 (0.25–0.25) | 0.25 (0.25–0.25) | 100% |"),
        ("metascores images waves", "| bad | 20.0 [19.0, 20.0] | – |"),
        ("aims images good=90 bad=20.5", "| good | 90.00 ± 1.00 | 90 |\n| bad | **20.00 ± 1.00** | 20.5 |"),
        ("aims waves good=0.4", "| good | **0.500 ± 0.010** | 0.4 |"),
        ("tasks images", "| good | 90.00 ± 1.00 |"),
        ("tasks waves images", "| bad | – | 20.00 ± 1.00 |"),
    ],
)
def test_blocks_say_what_the_tables_say(measured, words, row):
    assert row in block(words.split(), measured)


def test_a_published_budget_is_named_before_the_block_and_comes_first_on_pages(measured):
    reference = replace(measured, budget="reference", scores=measured.scores.assign(seeds=2))
    both = replace(measured, published_budgets=[reference])
    assert block(["reference:scores", "images"], both) == block(["scores", "images"], reference)
    assert [line.split(" | ")[1:3] for line in block(["page", "good"], both).split("\n")[2:]] == [
        [budget, seeds] for budget, seeds in (("reference", "2"), ("quick", "3")) for _ in range(2)
    ]
    with pytest.raises(KeyError):
        block(["reference:scores", "images"], measured)


def test_gains_stand_beside_the_larger_budget_the_paper_and_the_second_half_of_its_curve(measured):
    larger = measured.scores.assign(score=0.95, score_low=0.94)
    both = replace(measured, published_budgets=[replace(measured, budget="reference", scores=larger)])
    assert block(["gains", "reference", "images", "good", "bad"], both).split("\n") == [
        "| learner | quick | reference | the paper | second half |",
        "| --- | --- | --- | --- | --- |",
        "| good | 90.00 ± 1.00 | 95.00 ± 1.00 | 98.7 ± 0.4 % (Paper 2017) | +21.00 |",
        "| bad | 20.00 ± 1.00 | 95.00 ± 1.00 | – | – |",
    ]
    alone = replace(both, scores=measured.scores[measured.scores["task"] == "waves"])
    assert "| learner | reference | the paper |" in block(["gains", "reference", "images", "good"], alone)


def test_families_and_learners_come_in_their_order(measured):
    assert block(["learners"], measured).index("metric") < block(["learners"], measured).index("control")
    metascores = block(["metascores", "waves", "images"], measured)
    assert metascores.index("good") < metascores.index("bad")


def test_only_blocks_change_and_only_once(measured):
    text = PAGE.format("scores images") + PAGE.format("learners")
    filled = blocks.filled(text, lambda words: block(words, measured), "page.md")
    assert "stale" not in filled and filled.count("Prose.") == filled.count("More prose.") == 2
    assert blocks.filled(filled, lambda words: block(words, measured), "page.md") == filled


@pytest.mark.parametrize("words", ["nonsense", "scores", "scores nowhere", "priors images", "page good more"])
def test_words_that_mean_nothing_are_named(measured, words):
    with pytest.raises(UserError, match=f"page.md.*{words}"):
        blocks.filled(PAGE.format(words), lambda words: block(words, measured), "page.md")


@pytest.mark.parametrize("text", [PAGE.format("learners").replace(blocks.END, ""), PAGE[:40] + PAGE])
def test_a_block_without_an_end_is_named(measured, text):
    with pytest.raises(UserError, match=r"page\.md.*end"):
        blocks.filled(text, lambda words: block(words, measured), "page.md")


def test_numbers_that_another_budget_has_otherwise_stand_side_by_side(measured):
    first = {"width": 64, "downsample": "max_pool", "clip_norm": None, "steps": 5}
    other = first | {"width": 32, "clip_norm": 10.0}
    both = replace(
        measured, recipes={"good": {"paper": first, "quick": other}, "bad": {"paper": first, "quick": first}}
    )
    assert [line.split(" | ") for line in block(["recipe", "good"], both).split("\n")[2:]] == [
        ["| `width`", "64", "32 |"],
        ["| `clip_norm`", "–", "10.0 |"],
    ]
    assert block(["recipe", "bad"], both) == "All budgets use the same hyper-parameters."
