"""Bad input: exit status 2 (usage) or 1 (data), one line that names culprit and cure, no traceback, nothing written."""

import io
import json
import os
import pickle
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as as_bytes
from small_project import CHECKPOINT, JOB, LEARNERS, SCORES, copied, prepare, run_here, write_params

from metascore.cli import main
from metascore.store import checkpoint

IMAGES, CHARACTERS = "data/omniglot/images.npy", "data/omniglot/characters.csv"
SPLIT, TEST, TRAIN = (
    "data/splits/random.json",
    "data/episodes/omniglot/test-5w1s5q-32.npy",
    "data/episodes/omniglot/train-5w1s5q-64.npy",
)
RECORD = "results/smoke/runs/omniglot_5w1s/protonet/0/run.json"
CHANCE = ("--task", "omniglot_5w1s", "--learner", "chance", "--seed", "0")
DRAW = ("episodes", "--file", "omniglot/test-5w1s5q-32.npy")

Damage = Callable[[Path], object]


def array(values: npt.ArrayLike) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def put(file: str, content: bytes | str) -> Damage:
    return lambda place: (place / file).write_bytes(content if isinstance(content, bytes) else content.encode())


def changed(file: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda place: (place / file).write_bytes(change((place / file).read_bytes()))


def intact(place: Path) -> None:
    """No damage: the command is what is wrong."""


def halved(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes, place: int = -5) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place:][1:]


def unheaded(content: bytes) -> bytes:
    """An array whose header is no dictionary."""
    return content.replace(b"{", b"x", 1)


def gone(file: str) -> Damage:
    return lambda place: (place / file).unlink()


def folder(file: str) -> Damage:
    def damage(place: Path) -> None:
        (place / file).unlink(missing_ok=True)
        (place / file).mkdir(parents=True)

    return damage


def rows(file: str, field: str, value: float) -> Damage:
    def damage(place: Path) -> None:
        values = np.load(place / file)
        values[field].flat[0] = value
        np.save(place / file, values)

    return damage


def split(part: str, value: object) -> Damage:
    return edited(SPLIT, part, value)


def edited(file: str, path: str, value: object) -> Damage:
    """Change a value in a YAML or JSON file, which is YAML too."""

    def damage(place: Path) -> None:
        content = section = yaml.safe_load((place / file).read_text())
        *sections, key = path.split(".")
        for name in sections:
            section = section[name]
        section[key] = value
        (place / file).write_text((json.dumps if file.endswith("json") else yaml.safe_dump)(content))

    return damage


def mirror(address: str) -> Damage:
    """Only a mirror, at this address; {place} stands for the project's folder."""

    def damage(place: Path) -> None:
        edited("params.yaml", "data.omniglot.sources", ["mirror"])(place)
        os.environ["OMNIGLOT_MIRROR"] = address.replace("{place}", str(place))

    return damage


def mirrored(content: bytes) -> Damage:
    """A mirror whose first archive has this content."""

    def damage(place: Path) -> None:
        (place / "mirror").mkdir()
        (place / "mirror/images_background.zip").write_bytes(content)
        mirror("{place}/mirror")(place)

    return damage


def archive(name: str, size: int = 3) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr(name, b"\0" * size)
    return file.getvalue()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scores(values: npt.ArrayLike) -> Damage:
    return lambda place: np.save(place / SCORES, values)


WAVES = {"problem": "sine", "shot": 1, "query": 1}
PICKLED = pickle.dumps({"a": 1})
CASES: dict[str, tuple[tuple[str, ...], Damage, int, list[str]]] = {
    # name: (command, damage, exit status, words)
    "train: images missing": (("train", *JOB), gone(IMAGES), 1, [IMAGES, "missing", "run"]),
    "train: images a folder": (("train", *JOB), folder(IMAGES), 1, [IMAGES, "missing"]),
    "train: images empty": (("train", *JOB), put(IMAGES, b""), 1, [IMAGES, "delete"]),
    "train: images halved": (("train", *JOB), changed(IMAGES, halved), 1, [IMAGES, "delete"]),
    "train: images text": (("train", *JOB), put(IMAGES, "drawings"), 1, [IMAGES, "delete"]),
    "train: images pickled": (("train", *JOB), put(IMAGES, PICKLED), 1, [IMAGES, "delete"]),
    "train: images of objects": (("train", *JOB), put(IMAGES, array(np.array([{}]))), 1, [IMAGES, "delete"]),
    "train: images of another size": (("train", *JOB), put(IMAGES, array(np.zeros((3, 20, 28, 28)))), 1, [IMAGES]),
    "train: images of floats": (
        ("train", *JOB), put(IMAGES, array(np.zeros((1623, 20, 28, 28), "<f4"))), 1, [IMAGES, "delete"],
    ),
    "train: episodes missing": (("train", *JOB), gone(TRAIN), 1, [TRAIN, "run"]),
    "train: episodes empty": (("train", *JOB), put(TRAIN, b""), 1, [TRAIN, "delete"]),
    "train: episodes halved": (("train", *JOB), changed(TRAIN, halved), 1, [TRAIN, "delete"]),
    "train: episodes with a broken header": (("train", *JOB), changed(TRAIN, unheaded), 1, [TRAIN]),
    "train: episodes with an endless header": (
        ("train", *JOB), put(TRAIN, b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31)), 1, [TRAIN, "delete"],
    ),
    "train: episodes of objects": (("train", *JOB), put(TRAIN, array(np.array([{}]))), 1, [TRAIN, "delete"]),
    "train: episodes pickled": (("train", *JOB), put(TRAIN, PICKLED), 1, [TRAIN, "delete"]),
    "train: episodes plain": (("train", *JOB), put(TRAIN, array(np.zeros(5))), 1, [TRAIN, "shape", "delete"]),
    "train: episodes without rows": (
        ("train", *JOB), lambda place: np.save(place / TRAIN, np.load(place / TRAIN)[:0]), 1, [TRAIN, "delete"],
    ),
    "train: a character too high": (("train", *JOB), rows(TRAIN, "character", 1623), 1, [TRAIN, "range", "delete"]),
    "train: a character below 0": (("train", *JOB), rows(TRAIN, "character", -1), 1, [TRAIN, "range", "delete"]),
    "train: a fifth quarter turn": (("train", *JOB), rows(TRAIN, "rotation", 4), 1, [TRAIN, "range", "delete"]),
    "train: a 21st drawer": (("train", *JOB), rows(TRAIN, "drawer", 20), 1, [TRAIN, "range", "delete"]),
    "finetune: test episodes missing": (("finetune", *JOB), gone(TEST), 1, [TEST, "delete"]),
    "finetune: test episodes a folder": (("finetune", *JOB), folder(TEST), 1, [TEST]),
    "finetune: checkpoint missing": (("finetune", *JOB), gone(CHECKPOINT), 1, [CHECKPOINT, "missing", "run"]),
    "finetune: checkpoint a folder": (("finetune", *JOB), folder(CHECKPOINT), 1, [CHECKPOINT]),
    "finetune: checkpoint empty": (("finetune", *JOB), put(CHECKPOINT, b""), 1, [CHECKPOINT, "delete"]),
    "finetune: checkpoint halved": (("finetune", *JOB), changed(CHECKPOINT, halved), 1, [CHECKPOINT, "delete"]),
    "finetune: checkpoint flipped": (("finetune", *JOB), changed(CHECKPOINT, flipped), 1, [CHECKPOINT, "digest"]),
    "finetune: checkpoint text": (("finetune", *JOB), put(CHECKPOINT, "weights"), 1, [CHECKPOINT, "delete"]),
    "finetune: checkpoint pickled": (("finetune", *JOB), put(CHECKPOINT, PICKLED), 1, [CHECKPOINT, "delete"]),
    "finetune: checkpoint with an endless header": (
        ("finetune", *JOB), put(CHECKPOINT, struct.pack("<Q", 2**60)), 1, [CHECKPOINT, "delete"],
    ),
    "finetune: checkpoint of another program": (
        ("finetune", *JOB), put(CHECKPOINT, as_bytes({"w": torch.ones(2)}, {"a": "b"})), 1, [CHECKPOINT, "delete"],
    ),
    "finetune: checkpoint without metadata": (
        ("finetune", *JOB), put(CHECKPOINT, as_bytes({"w": torch.ones(2)})), 1, [CHECKPOINT, "delete"],
    ),
    "finetune: checkpoint of another recipe": (
        ("finetune", *JOB), edited(RECORD, "key.recipe.hyper_parameters.width", 5), 1, [CHECKPOINT, "5 -> 4"],
    ),
    "split: characters missing": (("split",), gone(CHARACTERS), 1, [CHARACTERS, "metascore data"]),
    "split: characters empty": (("split",), put(CHARACTERS, b""), 1, [CHARACTERS, "metascore data"]),
    "split: characters binary": (("split",), put(CHARACTERS, b"\xff\xfe\x00"), 1, [CHARACTERS, "metascore data"]),
    "split: characters without alphabets": (("split",), put(CHARACTERS, "index\n0\n"), 1, [CHARACTERS, "alphabet"]),
    "split: too many characters": (("split",), edited("params.yaml", "split.test", 1623), 2, ["1623", "at most"]),
    "split: no lists": (("split",), edited("params.yaml", "split.name", "file"), 1, ["params/split", "give the name"]),
    "episodes: split missing": (DRAW, gone(SPLIT), 1, [SPLIT, "give"]),
    "episodes: split no JSON": (DRAW, put(SPLIT, "{"), 1, [SPLIT, "not JSON", "delete"]),
    "episodes: split deeply nested": (DRAW, put(SPLIT, "[" * 100_000), 1, [SPLIT, "not JSON", "delete"]),
    "episodes: split a list": (DRAW, put(SPLIT, "[1]"), 1, [SPLIT, "test", "delete"]),
    "episodes: split without test": (DRAW, put(SPLIT, "{}"), 1, [SPLIT, "test", "delete"]),
    "episodes: split of names": (DRAW, split("test", ["Greek/character01"]), 1, [SPLIT, "test", "delete"]),
    "episodes: split out of range": (DRAW, split("test", [1623]), 1, [SPLIT, "1622", "delete"]),
    "episodes: split of fractions": (DRAW, split("test", [0.5] * 9), 1, [SPLIT, "test", "delete"]),
    "episodes: split too small": (DRAW, split("test", [1, 2]), 1, ["test", "5 characters", "lower"]),
    "aggregate: scores missing": (("aggregate",), gone(SCORES), 1, [SCORES, "metascore finetune"]),
    "aggregate: scores empty": (("aggregate",), put(SCORES, b""), 1, [SCORES, "metascore finetune"]),
    "aggregate: scores halved": (("aggregate",), changed(SCORES, halved), 1, [SCORES, "metascore finetune"]),
    "aggregate: scores pickled": (("aggregate",), put(SCORES, PICKLED), 1, [SCORES, "metascore finetune"]),
    "aggregate: scores double": (("aggregate",), scores(np.ones((30, 11))), 1, [SCORES, "float32"]),
    "aggregate: scores of one step": (("aggregate",), scores(np.ones((30, 1), "<f4")), 1, [SCORES, "(episode, 11)"]),
    "aggregate: scores above 1": (("aggregate",), scores(np.full((30, 11), 2, "<f4")), 1, [SCORES, "finetune"]),
    "aggregate: record missing": (("aggregate",), gone(RECORD), 1, [RECORD]),
    "aggregate: record a list": (("aggregate",), put(RECORD, "[]"), 1, [RECORD, "metascore train"]),
    "aggregate: record empty": (("aggregate",), put(RECORD, "{}"), 1, [RECORD, "metascore train"]),
    "data: no mirror set": (("data",), mirror(""), 1, ["OMNIGLOT_MIRROR", "set"]),
    "data: mirror missing": (("data",), mirror("{place}/nowhere"), 1, ["nowhere", "OMNIGLOT_MIRROR"]),
    "data: mirror a file": (("data",), mirror("{place}/params.yaml"), 1, ["params.yaml", "OMNIGLOT_MIRROR"]),
    "data: mirror of another scheme": (("data",), mirror("ftp://a/b"), 1, ["ftp://a/b", "http"]),
    "data: mirror with a port that is none": (("data",), mirror("http://localhost:x/"), 1, ["localhost:x", "correct"]),
    "data: archive empty": (("data",), mirrored(b""), 1, ["images_background.zip", "good copy"]),
    "data: archive a page": (("data",), mirrored(b"<html>404"), 1, ["images_background.zip", "good copy"]),
    "data: archive leaves its folder": (
        ("data",), mirrored(archive("../../evil")), 1, ["images_background.zip", "good copy"],
    ),
    "data: archive at the root": (("data",), mirrored(archive("/etc/evil")), 1, ["images_background.zip", "good copy"]),
    "data: archive a bomb": (
        ("data",), mirrored(archive("images_background/a/b/c.png", 65 << 20)), 1, ["not a drawing", "good copy"],
    ),
    "data: archive with a huge drawing": (
        ("data",), mirrored(archive("images_background/a/b/c.png", 2 << 20)), 1, ["not a drawing", "good copy"],
    ),
    "params: missing": (("split",), gone("params.yaml"), 2, ["params.yaml", "--params"]),
    "params: a folder": (("split",), folder("params.yaml"), 2, ["params.yaml", "--params"]),
    "params: deeply nested": (("split",), put("params.yaml", "[" * 5000), 2, ["params.yaml"]),
    "params: an object of Python": (
        ("split",), put("params.yaml", "!!python/object/apply:os.system ['touch pwned']"), 2, ["params.yaml", "python"],
    ),
    "params: a learner that is a command": (
        ("split",), edited("params.yaml", "learners.x; touch pwned", {}), 2, ["x; touch pwned"],
    ),
    "params: a task that is a command": (
        ("split",), edited("params.yaml", "tasks.$(touch pwned)", WAVES), 2, ["touch"],
    ),
    "params: a task that is a path": (
        ("split",), edited("params.yaml", "tasks.a/b", WAVES), 2, ["a/b"],
    ),
    "params: a learner's file elsewhere": (
        ("split",), edited("params.yaml", "learners.chance", {"learner": "../../x"}), 2, ["learners.chance.learner"],
    ),
    "command: a task that is none": (("train", "--task", "chess", *JOB[2:]), intact, 2, ["chess", "one"]),
    "command: a learner that is a command": (
        ("train", *JOB[:2], "--learner", "x; touch pwned", *JOB[4:]), intact, 2, ["x; touch pwned", "one of"],
    ),
    "command: a file that is a path": (
        ("episodes", "--file", "../../../x.npy"), intact, 2, ["../../../x.npy", "one of"],
    ),
    "command: no such budget": (("split", "--budget", "huge"), intact, 2, ["huge", "choose"]),
}  # fmt: skip


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after training and fine-tuning."""
    place = tmp_path_factory.mktemp("finished")
    write_params(place, LEARNERS)
    prepare(place)
    for job in (JOB, CHANCE):
        run_here(place, "train", *job)
        run_here(place, "finetune", *job)
    return place


@pytest.fixture
def project(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one's own, and one's own environment."""
    place = copied(finished, tmp_path / "project")
    shutil.rmtree(place / ".rolling")
    monkeypatch.chdir(place)
    monkeypatch.setenv("OMNIGLOT_MIRROR", "")
    return place


def files(place: Path) -> dict[str, tuple[int, int]]:
    """All files, with what changes when one is written."""
    found = {str(path.relative_to(place)): path.stat() for path in place.rglob("*")}
    return {name: (status.st_mtime_ns, status.st_size) for name, status in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_one_line_names_culprit_and_cure_and_nothing_is_written(name, project, capsys):
    command, damage, status, words = CASES[name]
    undone(command[0])
    damage(project)
    before = files(project)
    assert main([*command]) == status
    written = capsys.readouterr()
    assert not written.out and written.err.count("\n") == 1 and written.err.startswith(f"metascore {command[0]}: ")
    assert all(word in written.err for word in words), written.err
    assert "unexpected" not in written.err and "Traceback" not in written.err
    assert files(project) == before


def undone(stage: str) -> None:
    """Take away what the stage would write: it leaves alone what is there."""
    for file in {"train": [RECORD], "finetune": [SCORES]}.get(stage, []):
        Path(file).unlink()


def test_debug_shows_the_traceback(project):
    undone("train")
    gone(IMAGES)(project)
    with pytest.raises(Exception, match="missing"):
        main(["train", *JOB, "--debug"])


def test_there_are_sixty_cases_at_least():
    assert len(CASES) >= 60


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_flipped_byte_of_a_checkpoint_goes_unnoticed(finished, tmp_path, data):
    content = (finished / CHECKPOINT).read_bytes()
    damaged = flipped(content, data.draw(st.integers(0, len(content) - 1)))
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises(Exception, match="damaged: not a checkpoint"):
        checkpoint.load(tmp_path / "damaged", torch.device("cpu"), "")


def test_a_password_in_the_mirror_is_not_shown(project, capsys):
    mirror(f"http://user:secret@127.0.0.1:{closed_port()}/")(project)
    assert main(["data"]) == 1
    said = capsys.readouterr().err
    assert "127.0.0.1" in said and "secret" not in said
