"""When results made anew count as the published ones."""

import pandas as pd
import pytest

from metascore.orchestration.reproduction import Results, compare

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
