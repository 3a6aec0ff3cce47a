"""When results made anew count as the published ones."""

import pandas as pd
import pytest
import torch

from metascore.errors import UserError
from metascore.orchestration.reproduction import Results, compare, compare_sample
from metascore.store import checkpoint
from metascore.store.digests import of_content

FILES = {"metrics.json": "a", "runs/t/maml/0/checkpoint.safetensors": "b"}
MACHINE = {"processor": "abacus", "torch": "2"}


def results(low: float = 50, high: float = 60, learner: str = "maml", machine=MACHINE, files=FILES) -> Results:
    rows = [{"task": "t", "learner": learner, "metascore_low": low, "metascore_high": high}]
    return Results({"machine": machine, "files": files}, pd.DataFrame(rows))


OTHER_FILES, OTHER_MACHINE = FILES | {"metrics.json": "c"}, MACHINE | {"processor": "slide rule"}


@pytest.mark.parametrize("machine", [MACHINE, OTHER_MACHINE])
def test_equal_digests_are_enough(machine):
    verdict = compare(results(), results(machine=machine))
    assert verdict.agree and "bit-identical: all 2" in verdict.lines[0]


def test_other_bits_on_the_same_machine_are_a_defect():
    verdict = compare(results(), results(files=OTHER_FILES))
    assert not verdict.agree and "metrics.json" in verdict.lines[0] and "defect" in verdict.lines[-1]


def test_a_missing_file_counts_as_different():
    files = {"metrics.json": "a"}
    assert not compare(results(), results(files=files)).agree


@pytest.mark.parametrize("low, high, agree", [(55, 65, True), (60, 70, True), (60.1, 70, False), (10, 49.9, False)])
def test_on_another_machine_the_intervals_must_overlap(low, high, agree):
    verdict = compare(results(), results(low, high, machine=OTHER_MACHINE, files=OTHER_FILES))
    assert verdict.agree == agree
    assert "processor: abacus there, slide rule here" in verdict.lines
    assert agree or "t/maml" in verdict.lines[-1]


def test_a_learner_that_is_missing_does_not_agree():
    verdict = compare(results(), results(learner="protonet", machine=OTHER_MACHINE, files=OTHER_FILES))
    assert not verdict.agree and "t/maml" in verdict.lines[-1] and "t/protonet" in verdict.lines[-1]


SAMPLE = {"runs/t/maml/0/checkpoint.safetensors": "b"}


def test_a_sample_is_compared_with_its_own_files_alone():
    published = {"files": FILES, "machine": MACHINE}
    assert compare_sample(published, SAMPLE, MACHINE).agree
    other = compare_sample(published, dict.fromkeys(SAMPLE, "c"), MACHINE)
    assert not other.agree and "maml" in other.lines[0] and "defect" in other.lines[-1]
    elsewhere = compare_sample(published, dict.fromkeys(SAMPLE, "c"), OTHER_MACHINE)
    assert not elsewhere.agree and "processor: abacus there, slide rule here" in elsewhere.lines


def test_a_checkpoint_is_known_by_its_tensors_and_not_by_what_is_said_of_them(tmp_path):
    def digest(value: float, said: str) -> str:
        path = tmp_path / "checkpoint.safetensors"
        checkpoint.save(path, {"w": torch.tensor([value])}, {"code": said})
        return of_content(path)

    assert digest(1, "old") == digest(1, "new") != digest(2, "old")


def test_what_is_no_checkpoint_has_no_digest(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a checkpoint"):
        of_content(path)
