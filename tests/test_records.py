"""What trainings and fine-tunings record of themselves: enough to ask other code for the same."""

from pathlib import Path

import pytest
from small_project import CHECKPOINT, JOB, SCORES, copied, run_here, trained

from metascore.config import loading
from metascore.config.params import Run
from metascore.files import read_json
from metascore.orchestration.provenance import stage_code
from metascore.stages import train

RECORD = Path(CHECKPOINT).with_name("run.json")
ROWS = Path(CHECKPOINT).with_name("training.csv")
JUDGED = Path(SCORES).with_suffix(".json")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = trained(tmp_path_factory.mktemp("small"))
    run_here(place, "finetune", *JOB)
    return place


def test_a_training_leaves_its_fingerprints(place):
    prints = read_json(place / RECORD)["fingerprints"]
    assert list(prints) == ["0", "1", "2", "4"] and len(prints["4"]["scores"]) == 8
    assert len({one["tensors"] for one in prints.values()}) == 4


def test_a_fine_tuning_leaves_the_digest_of_its_code_and_its_machine(place):
    judged = read_json(place / JUDGED)
    assert judged["code"] == stage_code("finetune", "protonet", "omniglot")
    assert judged["machine"] == read_json(place / RECORD)["machine"]


@pytest.mark.parametrize("is_finished, rows", [(False, [1, 2]), (True, [2, 2])], ids=["new", "finished before"])
def test_training_csv_grows_where_no_finished_run_has_one(place, tmp_path, monkeypatch, is_finished, rows):
    monkeypatch.chdir(copied(place, tmp_path / "again"))
    if not is_finished:
        RECORD.unlink()
        ROWS.unlink()
    seen: list[int] = []
    monkeypatch.setattr(train.Progress, "show", lambda *_: seen.append(len(ROWS.read_text().splitlines()) - 1))
    train.run(loading.load("params.yaml"), Run("omniglot_5w1s", "protonet", 0))
    assert seen == rows
