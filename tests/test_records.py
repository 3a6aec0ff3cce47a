"""What trainings and fine-tunings record of themselves: enough to ask other code for the same."""

from pathlib import Path

import pytest
from small_project import CHECKPOINT, JOB, LEARNERS, SCORES, metascore, prepare, write_params

from metascore.files import read_json
from metascore.orchestration.provenance import stage_code

RECORD = Path(CHECKPOINT).with_name("run.json")
JUDGED = Path(SCORES).with_suffix(".json")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("small")
    write_params(place, LEARNERS)
    prepare(place)
    metascore(place, "train", *JOB)
    metascore(place, "finetune", *JOB)
    return place


def test_a_training_leaves_its_fingerprints(place):
    prints = read_json(place / RECORD)["fingerprints"]
    assert list(prints) == ["0", "1", "2", "4"] and len(prints["4"]["scores"]) == 8
    assert len({one["tensors"] for one in prints.values()}) == 4


def test_a_fine_tuning_leaves_the_digest_of_its_code_and_its_machine(place):
    judged = read_json(place / JUDGED)
    assert judged["code"] == stage_code("finetune", "protonet", "omniglot")
    assert judged["machine"] == read_json(place / RECORD)["machine"]
