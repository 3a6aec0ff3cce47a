"""Published runs as a few files: the same bytes come back, files that are there stay, damage is one line."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import fake_results
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from metascore.errors import UsageError, UserError
from metascore.store import artifacts, checkpoint, packs
from metascore.store.digests import of_content
from metascore.store.paths import Results

CONFIG = fake_results.config()
BEST = "runs/sine_5s/maml/1/checkpoint.safetensors"


@pytest.fixture(scope="module")
def origin(tmp_path_factory) -> Path:
    """A folder results/tiny with runs and their packs."""
    root = tmp_path_factory.mktemp("origin")
    random = np.random.default_rng(0)
    for run in CONFIG.runs():
        fake_results.write_scores(root, run, fake_results.scores(run, random))
    results = Results(root / "results/tiny", CONFIG.shares_training)
    for number, run in enumerate(CONFIG.trainings()):
        fake_results.write_run(root, run, random)
        tensors = {"w/0": torch.full((2, 3), float(number)), "count": torch.tensor(number)}
        checkpoint.save(results.checkpoint(run), tensors, {"recipe": run.learner, "seed": run.seed})
        if run.learner != "chance":
            record = json.loads(results.record(run).read_text()) | {"iterations": 30}
            results.record(run).write_text(json.dumps(record))
            lines = ["iteration,validation", f"30,{0.9 if run.seed else 1.1}", f"60,{1.0}"]
            results.training(run).write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        packs.pack(CONFIG)
    return results.folder


@pytest.fixture
def clone(origin, tmp_path, monkeypatch) -> Path:
    """The same folder as git has it: packs alone."""
    folder = tmp_path / "results/tiny"
    shutil.copytree(origin / "packs", folder / "packs")
    monkeypatch.chdir(tmp_path)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for part in ("runs", "scores") for file in (folder / part).rglob("*.*")]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_same_bytes_come_back(origin, clone):
    assert len(packs.unpack(clone)) == len(contents(origin)) > len(CONFIG.runs())
    assert contents(clone) == contents(origin)
    assert packs.unpack(clone) == []
    packs.check(clone)


def test_equal_runs_give_equal_packs(origin, clone):
    packs.unpack(clone)
    shutil.rmtree(clone / "packs")
    packs.pack(CONFIG)
    for pack in [*packs.all_packs(origin), origin / "packs/SHA256SUMS"]:
        assert (clone / "packs" / pack.name).read_bytes() == pack.read_bytes()


def test_files_that_are_there_stay(clone):
    own, changed = clone / "runs/sine_5s/mine/0/run.json", clone / BEST
    for file in (own, changed):
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    packs.unpack(clone)
    assert own.read_text() == changed.read_text() == "mine"
    with pytest.raises(UserError, match=rf"{changed}: differs from its pack \(files that differ: 1\): delete them"):
        packs.check(clone)


def test_a_budget_with_a_missing_run_is_not_packed(clone):
    packs.unpack(clone)
    (clone / "scores/sine_5s/maml/1.npy").unlink()
    with pytest.raises(UserError, match=r"maml/1\.npy: No such file.*: run `snakemake` for this budget"):
        packs.pack(CONFIG)


def edited_score(folder: Path) -> Path:
    """All scores of a run become 1."""
    path = folder / packs.RECORDS
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    score = files["scores/sine_5s/maml/0.npy"]
    ones = np.ones(40 * 11, np.float32).tobytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {"scores/sine_5s/maml/0.npy": score[: -len(ones)] + ones}).items():
            archive.writestr(name, content)
    return path


def edited_tensor(folder: Path) -> Path:
    path = folder / "maml.safetensors"
    tensors = {name: np.asarray(value + 1) for name, value in load_file(path).items()}
    with safe_open(path, "numpy") as file:
        facts = file.metadata()
    save_file(tensors, path, facts)
    return path


def cut(folder: Path) -> Path:
    path = folder / "protonet.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    return path


def no_archive(folder: Path) -> Path:
    (folder / packs.RECORDS).write_bytes(b"no archive")
    return folder / packs.RECORDS


def no_sums(folder: Path) -> Path:
    (folder / packs.SUMS).unlink()
    return folder / "chance.safetensors"


@pytest.mark.parametrize("damage", [edited_score, edited_tensor, cut, no_archive, no_sums])
def test_damage_is_one_line(clone, damage):
    path = damage(clone / "packs")
    for use in (packs.unpack, packs.check):
        with pytest.raises(UserError, match=rf"{path.name}: edited or damaged \([^\n]*\): run `git checkout "):
            use(clone)
    assert not (clone / "scores/sine_5s/maml/0.npy").exists() or damage not in (edited_score, no_archive)


@pytest.mark.parametrize("name", ["omniglot_5w1s/protonet", "protonet"])
def test_a_name_unpacks_the_best_checkpoint(clone, origin, name):
    file = artifacts.checkpoint(name)
    assert file == Path("results/tiny/runs/omniglot_5w1s/protonet/0/checkpoint.safetensors")  # the highest accuracy
    assert file.read_bytes() == (origin.parents[1] / file).read_bytes()
    assert artifacts.checkpoint("sine_5s/maml") == Path("results/tiny") / BEST  # the lowest error
    assert not (clone / "scores").exists()


def test_a_file_comes_before_a_name(clone):
    Path("protonet").write_text("")
    assert artifacts.checkpoint("protonet") == Path("protonet")


def test_an_unknown_name_is_one_line(clone):
    with pytest.raises(
        UsageError, match="chance: no such file, and no name of a checkpoint: one of omniglot_5w1s/maml, "
    ):
        artifacts.checkpoint("chance")
    shutil.rmtree("results")
    with pytest.raises(
        UsageError, match=r"protonet: no such file.*: names are known in the folder of the project only"
    ):
        artifacts.checkpoint("protonet")


def test_an_edited_pack_with_new_sums_lacks_the_digests_of_the_results(clone, origin):
    (clone / "digests.json").write_text(json.dumps({"files": {BEST: of_content(origin / BEST)}}))
    packs.check(clone)
    pack = clone / "packs/maml.safetensors"
    with safe_open(pack, "np") as file:
        metadata = file.metadata()
    save_file({name: np.asarray(value + 1) for name, value in load_file(pack).items()}, pack, metadata)
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}" for one in packs.all_packs(clone)]
    (clone / "packs/SHA256SUMS").write_text("\n".join(sums))
    with pytest.raises(UserError, match=f"{BEST}: lacks its digest"):
        packs.check(clone)


def test_a_pack_that_is_missing_is_named(clone):
    (clone / "packs/maml.safetensors").unlink()
    with pytest.raises(UserError, match=r"maml.safetensors: edited or damaged .*No such file"):
        packs.check(clone)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("runs/../../x", zipfile.ZIP_STORED), ("/x", zipfile.ZIP_STORED), ("runs/x", zipfile.ZIP_BZIP2)],
)
def test_a_pack_writes_no_file_elsewhere_and_none_that_is_compressed(clone, name, kind):
    with zipfile.ZipFile(clone / "packs/runs.zip", "w", kind) as archive:
        archive.writestr(name, b"x")
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}" for one in packs.all_packs(clone)]
    (clone / "packs/SHA256SUMS").write_text("\n".join(sums))
    with pytest.raises(UserError, match="is not a packed file"):
        packs.unpack(clone)
