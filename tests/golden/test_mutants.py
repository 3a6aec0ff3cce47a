"""A wrong number in the numerics turns golden numbers red: each mutant is tried in a copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden import names

MUTANTS = {  # file, what stands there, what a mutant has instead: the golden numbers that move
    ("learners/base.py", "MOMENTUM = 0.1", "MOMENTUM = 0.2"): "protonet on omniglot",
    ("learners/mamlpp.py", "FLOOR = 0.03", "FLOOR = 0.3"): "mamlpp on omniglot",
    ("learners/mamlpp.py", "value - rate[name]", "value - 1.01 * rate[name]"): "mamlpp on omniglot",
    ("networks/kernels.py", "NORM_EPSILON = 1e-3", "NORM_EPSILON = 1e-5"): "maml on omniglot",
    (
        "training/outer.py",
        "lr=recipe.meta_lr, **graphs)",
        "lr=recipe.meta_lr, betas=(0.8, 0.999), **graphs)",
    ): "maml on omniglot",
    (
        "training/outer.py",
        "lr=recipe.meta_lr, **graphs)",
        "lr=recipe.meta_lr, betas=(0.9, 0.99), **graphs)",
    ): "maml on omniglot",
    ("training/outer.py", "lr=recipe.meta_lr, **graphs)", "lr=recipe.meta_lr, eps=1e-4, **graphs)"): "maml on omniglot",
    ("training/outer.py", "(1 + math.cos(math.pi * progress)) / 2", "math.cos(math.pi * progress)"): "constants",
    ("training/outer.py", "recipe.final_lr + drop * (1 - progress)", "recipe.meta_lr * (1 - progress)"): "constants",
    ("training/outer.py", "self.recipe.clip_norm)", "2 * self.recipe.clip_norm)"): "relation on omniglot",
    ("networks/encoder.py", ").relu()", ")"): "protonet on omniglot",
    ("networks/perceptron.py", "relu", "tanh"): "maml on sine",
    ("networks/initialisation.py", "math.sqrt(6 /", "math.sqrt(3 /"): "protonet on omniglot",
    ("learners/protonet.py", ".square().sum(2)", ".square().sum(2).sqrt()"): "protonet on omniglot",
    ("learners/siamese.py", "(a[:, None] - b[None]).abs()", "(a[:, None] - b[None]).square()"): "siamese on omniglot",
    ("learners/matching.py", "temperature: float = 1.0", "temperature: float = 0.9"): "matching on omniglot",
    ("learners/matching.py", "reads: int = 5", "reads: int = 4"): "matching_full on omniglot",
    ("learners/relation.py", "logits.sigmoid() - target", "logits.sigmoid() - 0.9 * target"): "relation on omniglot",
    ("learners/r2d2.py", "initial_penalty: float = 50.0", "initial_penalty: float = 40.0"): "r2d2 on omniglot",
    ("learners/r2d2.py", "n * penalty", "penalty"): "r2d2 on omniglot",
    ("learners/mann.py", "gamma: float = 0.95", "gamma: float = 0.5"): "mann on omniglot",
    ("learners/mann.py", "STRENGTH = 10.0", "STRENGTH = 8.0"): "mann_convolution on omniglot",
    ("learners/metanet.py", "SCALE = 7.0", "SCALE = 7.5"): "metanet on omniglot",
    ("learners/lstm_meta.py", "FORGET = 5.0", "FORGET = 4.0"): "lstm_meta on omniglot",
    ("learners/lstm_meta.py", "initial_rate: float = 0.01", "initial_rate: float = 0.02"): "lstm_meta on omniglot",
    ("learners/maml.py", "alpha=self.inner_lr", "alpha=1.01 * self.inner_lr"): "maml on omniglot",
    ("learners/maml.py", "episode.support, self.train_steps", "episode.support, 1"): "maml on omniglot",
    ("learners/metasgd.py", "self.highest_rate - self.lowest_rate", "self.highest_rate"): "metasgd on omniglot",
    ("learners/anil.py", "support, step)", "support, step).mul(1.01)"): "anil on omniglot",
    ("learners/reptile.py", "BETA2 = 0.999", "BETA2 = 0.99"): "reptile on omniglot",
    ("learners/reptile.py", "0.5 * distance", "distance"): "reptile on omniglot",
    ("learners/transfer.py", "everything.class_id).mean()", "everything.class_id).sum()"): "transfer on omniglot",
    ("learners/scratch.py", "self.inner_lr", "(1.01 * self.inner_lr)"): "scratch on omniglot",
    ("learners/pixel_knn.py", "amax(1)", "amin(1)"): "pixel_knn on omniglot",
    ("problems/sine.py", "AMPLITUDE = (0.1, 5.0)", "AMPLITUDE = (0.1, 4.9)"): "data",
    ("problems/navigation.py", "DISCOUNT = 0.99", "DISCOUNT = 0.9"): "scratch on navigation",
    ("problems/navigation.py", "-offset.square().sum(-1).sqrt()", "-offset.square().sum(-1)"): "chance on navigation",
    ("problems/navigation.py", "ARRIVED = 0.01", "ARRIVED = 0.1"): "scratch on navigation",
    ("data/lake_runs.csv", "Atlantean", "Ge_ez"): "data",
    ("scoring/intervals.py", "LEVEL = 0.95", "LEVEL = 0.9"): "scores",
    ("scoring/scores.py", "normalised[..., 1:]", "normalised"): "scores",
}


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(root / "src", tmp_path_factory.mktemp("copy") / "src")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[2]}".replace("\n", ""))
def test_a_mutant_is_found(mutant, copy, root):
    file, old, new = mutant
    path, name = copy / "metascore" / file, MUTANTS[mutant]
    original = path.read_text()
    assert old in original and name in names()
    path.write_text(original.replace(old, new))
    try:
        assert_moved(name, copy, root)
    finally:
        path.write_text(original)


def assert_moved(name: str, copy: Path, root: Path) -> None:
    """The test of these numbers fails where the copy is imported."""
    code = "import metascore, sys, test_golden; print(metascore.__file__); test_golden.test_numbers_stay(sys.argv[1])"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(copy), str(root / "tests/golden")]),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", code, name]
    done = subprocess.run(command, check=False, env=environment, cwd=copy, capture_output=True, text=True)
    assert done.stdout.startswith(str(copy))
    assert done.returncode == 1 and "numbers moved" in done.stderr, done.stderr
