"""Bundles of results: what is true is verified, ten forgeries are not, and nothing in a bundle harms its reader."""

import contextlib
import csv
import hashlib
import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_project import judge_all, write_data, write_params

from metascore.config import loading
from metascore.errors import UserError
from metascore.stages import merge, submit, verify
from metascore.store import bundle, checkpoint

LEARNERS = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 2}},
    "relation": {"width": 4, "training": {"iterations": 2, "meta_batch": 2, "validations": 1}},
}
TASK = "omniglot_5w1s"
ABOUT = ("CC-BY-4.0", "Ada")
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three learners with two seeds each, trained and judged."""
    place = tmp_path_factory.mktemp("board") / "project"
    place.mkdir()
    write_params(place, LEARNERS)
    smoke = place / "params/smoke.yaml"
    smoke.write_text(smoke.read_text().replace("- 0\n", "- 0\n- 1\n"))
    write_data(place)
    with contextlib.chdir(place):
        judge_all(loading.load("params.yaml"))
    return place


@pytest.fixture
def config(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    return loading.load("params.yaml")


@pytest.fixture
def honest(config, tmp_path: Path) -> Callable[[str], Path]:
    """Packs a learner's true results."""

    def make(learner: str = "protonet") -> Path:
        submit.run(config, learner, *ABOUT, output=tmp_path / f"{learner}.zip")
        return tmp_path / f"{learner}.zip"

    return make


def forged(path: Path, change: Callable[[dict, Files], None]) -> Path:
    """A bundle with other facts or files, and digests to match."""
    read = bundle.read(path)
    facts, files = {key: value for key, value in read.manifest.items() if key != "files"}, dict(read.files)
    change(facts, files)
    path.write_bytes(bundle.pack(facts, files))
    return path


def edit_json(files: Files, name: str, change: Callable[[dict], None]) -> None:
    content = json.loads(files[name])
    change(content)
    files[name] = json.dumps(content).encode()


def edit_checkpoint(files: Files, name: str, tmp_path: Path, change: Callable[[dict, dict], None]) -> None:
    """Another checkpoint, whole and with a digest of its own."""
    path = tmp_path / "checkpoint"
    path.write_bytes(files[name])
    tensors, said = checkpoint.load(path, torch.device("cpu"), "")
    change(tensors, said)
    checkpoint.save(path, tensors, said)
    files[name] = path.read_bytes()


def refused(config, path: Path) -> str:
    with pytest.raises(UserError) as error:
        verify.run(config, path)
    return str(error.value)


@pytest.mark.parametrize("learner", ["protonet", pytest.param("relation", marks=pytest.mark.slow)])
def test_true_results_are_verified(config, honest, caplog, learner):
    caplog.set_level("INFO")
    verify.run(config, honest(learner), whole=True)
    assert [line for line in caplog.messages if f"verified: 2 runs of {learner}" in line]


def test_equal_results_are_equal_bytes(honest):
    assert honest().read_bytes() == honest().read_bytes()


# Ten forgeries.


def test_an_edited_score(config, honest):
    def change(facts, files):
        scores = np.load(io.BytesIO(files[f"{TASK}/1/scores.npy"]))
        scores[7, 3:] = 1.0 - scores[7, 3:]
        content = io.BytesIO()
        np.save(content, scores)
        files[f"{TASK}/1/scores.npy"] = content.getvalue()

    said = refused(config, forged(honest(), change))
    assert "omniglot_5w1s/1: its scores are not those of its checkpoint: score of test episode 7 differs" in said
    assert "omniglot_5w1s/0" not in said


@pytest.mark.slow
def test_other_episodes(config, honest):
    def change(facts, files):
        edit_json(files, f"{TASK}/0/judged.json", lambda one: one.update(inputs=dict.fromkeys(one["inputs"], "0" * 64)))

    assert "it was judged on other episodes" in refused(config, forged(honest(), change))


def test_a_dropped_seed(config, honest):
    def change(facts, files):
        for name in [name for name in files if name.startswith(f"{TASK}/1/")]:
            del files[name]

    assert "not all runs of protonet at budget smoke, and no others: omniglot_5w1s/1" in refused(
        config, forged(honest(), change)
    )


def test_a_falsely_inductive_learner(config, honest):
    def change(facts, files):
        edit_json(files, f"{TASK}/0/run.json", lambda one: one["axes"].update(batch_norm="inductive"))

    assert "its axes are not those of its code" in refused(config, forged(honest("relation"), change))


@pytest.mark.slow
def test_another_split(config, honest, tmp_path):
    def other(tensors, said):
        said["inputs"] = {name: "0" * 64 if "train" in name else digest for name, digest in said["inputs"].items()}

    def change(facts, files):
        edit_checkpoint(files, f"{TASK}/0/checkpoint.safetensors", tmp_path, other)

    assert "it was trained on other episodes, or another split" in refused(config, forged(honest(), change))


def test_a_swapped_checkpoint(config, honest):
    def change(facts, files):
        files[f"{TASK}/0/checkpoint.safetensors"] = files[f"{TASK}/1/checkpoint.safetensors"]

    assert "its checkpoint was trained with another seed" in refused(config, forged(honest(), change))


@pytest.mark.slow
def test_a_swapped_checkpoint_that_says_it_was_not(config, honest, tmp_path):
    def change(facts, files):
        name = f"{TASK}/0/checkpoint.safetensors"
        files[name] = files[f"{TASK}/1/checkpoint.safetensors"]
        edit_checkpoint(files, name, tmp_path, lambda tensors, said: said.update(seed=0))

    said = refused(config, forged(honest(), change))
    assert "on validation episodes" in said or "its scores are not those of its checkpoint" in said


@pytest.mark.slow
def test_a_recipe_that_was_not_run(config, honest, tmp_path):
    def other(tensors, said):
        said["recipe"]["training"]["meta_lr"] *= 2

    def change(facts, files):
        edit_checkpoint(files, f"{TASK}/0/checkpoint.safetensors", tmp_path, other)

    assert "its checkpoint was trained with another recipe" in refused(config, forged(honest(), change))
    assert "its recipe for omniglot_5w1s is not the one of smoke" in refused(
        config, forged(honest(), lambda facts, files: facts["recipes"][TASK]["training"].update(meta_lr=1.0))
    )


@pytest.mark.slow
def test_wrong_iterations(config, honest):
    def change(facts, files):
        edit_json(files, f"{TASK}/0/run.json", lambda one: one.update(iterations=400))

    assert "4 meta-steps are recorded, and the recipe has 4" in refused(config, forged(honest(), change))

    def longer(facts, files):
        rows = list(csv.reader(io.StringIO(files[f"{TASK}/0/training.csv"].decode())))
        rows[-1][0] = "400"
        files[f"{TASK}/0/training.csv"] = "\n".join(map(",".join, rows)).encode()

    assert "400 meta-steps are recorded, and the recipe has 4" in refused(config, forged(honest(), longer))


def test_fingerprints_of_another_training(config, honest):
    def change(facts, files):
        def swap(one):
            one["fingerprints"]["2"]["tensors"] = "0" * 64

        edit_json(files, f"{TASK}/0/run.json", swap)

    said = refused(config, forged(honest(), change))
    assert "training it again does not leave its fingerprints: tensors after 2 meta-steps differs" in said


def test_a_changed_digest(config, honest):
    path = honest()
    read = bundle.read(path)
    manifest = dict(read.manifest)
    manifest["files"] = {**manifest["files"], f"{TASK}/0/scores.npy": "0" * 64}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**read.files, bundle.MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(name, content)
    assert f"{TASK}/0/scores.npy does not have the digest that the manifest states" in refused(config, path)


@pytest.mark.parametrize("licence", ["", None])
def test_a_missing_licence(config, honest, licence):
    said = refused(config, forged(honest(), lambda facts, files: facts.update(licence=licence)))
    assert "its manifest does not state `licence`" in said


# Whoever reads a bundle.


def test_code_of_a_bundle_is_never_run(config, honest, tmp_path):
    mark = tmp_path / "was here"

    def change(facts, files):
        files[bundle.LEARNER] += f"\nopen({str(mark)!r}, 'w')\n".encode()

    said = refused(config, forged(honest(), change))
    assert "its learner.py is another one than protonet's here: read learner.py in it" in said
    assert not mark.exists()
    unknown = refused(config, forged(honest(), lambda facts, files: facts.update(learner="stranger")))
    assert "learner 'stranger' is not one of this project" in unknown


def test_pickled_scores_are_not_unpickled(config, honest, tmp_path):
    mark = tmp_path / "was here"

    class Trap:
        def __reduce__(self):
            return (open, (str(mark), "w"))

    def change(facts, files):
        content = io.BytesIO()
        np.save(content, np.array([Trap()], dtype=object), allow_pickle=True)
        files[f"{TASK}/0/scores.npy"] = content.getvalue()
        files[f"{TASK}/1/checkpoint.safetensors"] = pickle.dumps(Trap())

    said = refused(config, forged(honest(), change))
    assert "cannot be read" in said and "not a checkpoint" in said and not mark.exists()


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/outside", "omniglot_5w1s/../../run.json", "a\\b", f"{TASK}/0/x.py"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(UserError, match="no name of a file of a bundle"):
        bundle.read(path)


def test_what_would_be_too_large_is_not_read(tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(bundle.LEARNER, b"\0" * (bundle.ONE + 1))
    assert path.stat().st_size < 100_000
    with pytest.raises(UserError, match="larger than"):
        bundle.read(path)


def test_what_is_no_bundle_is_one_line(tmp_path):
    path = tmp_path / "bundle.zip"
    for content in (b"", b"nothing", bundle.pack({}, {})):
        path.write_bytes(content)
        with pytest.raises(UserError) as error:
            bundle.read(path)
        assert "\n" not in str(error.value)


@pytest.mark.slow
def test_bundles_of_several_people_become_one_board(config, honest, tmp_path):
    merge.run(config, [honest("protonet"), honest("relation")], output=tmp_path / "board")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "board.csv").read_text())))
    assert {row["learner"] for row in rows} == {*LEARNERS, "protonet (Ada)", "relation (Ada)"}
    twice = {row["learner"]: row["metascore"] for row in rows}
    assert twice["protonet"] == twice["protonet (Ada)"]
    assert "| rank |" in (tmp_path / "board.md").read_text()


def test_a_bundle_that_does_not_hold_is_not_merged(config, honest, tmp_path):
    path = forged(honest(), lambda facts, files: facts.update(licence=""))
    with pytest.raises(UserError, match="licence"):
        merge.run(config, [path], output=tmp_path / "board")
    assert not (tmp_path / "board.csv").exists()


def test_results_that_are_not_whole_are_not_packed(config, project, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    monkeypatch.chdir(copy)
    (copy / f"results/smoke/scores/{TASK}/protonet/1.npy").unlink()
    with pytest.raises(UserError, match="missing: run `snakemake` first"):
        submit.run(config, "protonet", *ABOUT)


def test_digests_are_those_of_the_files(honest):
    read = bundle.read(honest())
    assert read.manifest["files"] == {name: hashlib.sha256(one).hexdigest() for name, one in read.files.items()}
