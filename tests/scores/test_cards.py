"""Cards of published results, and the names of their best checkpoints."""

from pathlib import Path

from metascore.report import cards
from metascore.report.cards import Checkpoint, Facts

FACTS = Facts("reference", "Omniglot", "random", "600 (omniglot)", "CPU")
AXES = {"test_steps": 3, "gradient_order": 2, "batch_norm": "transductive"}


def checkpoints(best: int) -> list[Checkpoint]:
    return [Checkpoint("easy", s, Path(f"runs/easy/good/{s}/c"), f"{s}" * 64, "98.0 %", s == best) for s in (0, 1)]


def test_a_card_has_numbers_protocol_files_licence_and_command():
    said = cards.card("good", "page", FACTS, "| the numbers |", AXES, checkpoints(best=1))
    for part in (
        "| the numbers |",
        "Split: random",
        "3 steps at test",
        "transductive",
        "MIT",
        "docs/algorithms/page.md",
    ):
        assert part in said
    assert "| easy | 1 (best) | 98.0 % | [c](../runs/easy/good/1/c) | `1111111111111111` |" in said
    assert "results/reference/scores/TASK/good/SEED.npy --config budget=reference" in said


def test_the_best_checkpoint_of_a_task_has_the_name():
    named = cards.pipeline("reference", {"good": checkpoints(best=1)}, {("easy", "good"): 0.98})["artifacts"]
    assert {name: one["path"] for name, one in named.items()} == {"easy/good": "runs/easy/good/1/c"}


def test_dvc_never_makes_published_results_anew():
    assert cards.pipeline("reference", {}, {})["stages"]["reference"]["frozen"]
