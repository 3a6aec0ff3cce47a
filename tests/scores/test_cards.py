"""Cards of published results."""

from metascore.config.params import Run
from metascore.report import cards
from metascore.report.cards import Checkpoint, Facts

FACTS = Facts("reference", "Omniglot", "random", "600 (omniglot)", "CPU")
AXES = {"test_steps": 3, "gradient_order": 2, "batch_norm": "transductive"}


def test_a_card_has_numbers_protocol_checkpoints_licence_and_command():
    checkpoints = [Checkpoint(Run("easy", "good", seed), f"{seed}" * 64, "98.0 %", seed == 1) for seed in (0, 1)]
    text = cards.card("good", "page", FACTS, "| the numbers |", AXES, checkpoints)
    for part in ("| the numbers |", "Split: random", "3 steps at test", "transductive", "docs/algorithms/page.md"):
        assert part in text
    best = (
        "| easy | 1 (best) | 98.0 % | `easy/1/` in [good.safetensors](../packs/good.safetensors) | `1111111111111111` |"
    )
    assert best in text
    assert "MIT" in text and "results/reference/scores/TASK/good/SEED.npy --config budget=reference" in text
