"""When results made again count as the published ones."""

import pandas as pd
import pytest
import torch

from metascore.errors import UserError
from metascore.scoring.reproduction import Results, compare
from metascore.store import checkpoint
from metascore.store.digests import of_content

FILES = {"metrics.json": "a", "runs/t/maml/0/checkpoint.safetensors": "b"}
MACHINE = {"processor": "abacus", "torch": "2"}
OTHER_FILES, OTHER_MACHINE = FILES | {"metrics.json": "c"}, MACHINE | {"processor": "slide rule"}


def results(low: float = 50, high: float = 60, learner: str = "maml", machine=MACHINE, files=FILES) -> Results:
    rows = [{"task": "t", "learner": learner, "metascore_low": low, "metascore_high": high}]
    return Results(files, machine, pd.DataFrame(rows))


@pytest.mark.parametrize("machine", [MACHINE, OTHER_MACHINE])
def test_equal_digests_are_enough(machine):
    verdict = compare(results(), results(machine=machine))
    assert verdict.agree and "bit-identical: all 2" in verdict.lines[0]


@pytest.mark.parametrize("files", [OTHER_FILES, {"runs/t/maml/0/checkpoint.safetensors": "b"}])
def test_other_or_missing_files_on_the_same_machine_are_a_defect(files):
    verdict = compare(results(), results(files=files))
    assert not verdict.agree and "metrics.json" in verdict.lines[0] and "defect" in verdict.lines[-1]


@pytest.mark.parametrize("low, high, agree", [(55, 65, True), (60, 70, True), (60.1, 70, False), (10, 49.9, False)])
def test_on_another_machine_the_intervals_must_overlap(low, high, agree):
    verdict = compare(results(), results(low, high, machine=OTHER_MACHINE, files=OTHER_FILES))
    assert verdict.agree == agree
    assert "processor: abacus there, slide rule here" in verdict.lines
    assert agree or "t/maml" in verdict.lines[-1]


def test_a_learner_that_is_missing_does_not_agree():
    verdict = compare(results(), results(learner="protonet", machine=OTHER_MACHINE, files=OTHER_FILES))
    assert not verdict.agree and "t/maml" in verdict.lines[-1] and "t/protonet" in verdict.lines[-1]


def test_a_sample_from_another_machine_has_no_intervals_to_compare():
    verdict = compare(Results(FILES, MACHINE), Results(OTHER_FILES, OTHER_MACHINE))
    assert not verdict.agree and "`make reproduce` compares intervals" in verdict.lines[-1]


def test_the_digest_of_a_checkpoint_ignores_its_metadata(tmp_path):
    def digest(value: float, code: str) -> str:
        path = tmp_path / "checkpoint.safetensors"
        checkpoint.save(path, {"w": torch.tensor([value])}, {"code": code})
        return of_content(path)

    assert digest(1, "old") == digest(1, "new") != digest(2, "old")


def test_a_file_that_is_no_checkpoint_has_no_digest(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a checkpoint"):
        of_content(path)
