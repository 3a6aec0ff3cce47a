"""The key of a result: what determines its content on one kind of machine. Must not import torch.

A training keeps its key in run.json, an evaluation in the record beside its scores, a split or an episode file in a
file beside it. A result is done where its files are there and the stored key is the one that it would get today,
wherever the files came from.

The key of a run has the resolved recipe, the code of the learner's own file, the version of the shared numerics, the
settings of the data, and the SHA-256 of every input file.
"""

from __future__ import annotations

import hashlib
import io
import json
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from metascore import plugins, problems
from metascore.config import signatures
from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json
from metascore.problems.episode_file import EpisodeFile
from metascore.store import data_settings, digests, inputs
from metascore.store.paths import CHARACTERS, DATA, OMNIGLOT, PICTURES, Results
from metascore.version import NUMERICS_VERSION

KEY, INPUTS = "key", "inputs"
FILES = ("learner", "problem")  # parts of a key that are digests of files
OWN_PACKAGE = "metascore."

Key = dict[str, Any]


def training_key(config: Config, run: Run) -> Key:
    """The key that the training of a run would get today; an input that is not here has no digest."""
    training = config.training_of(run)
    files = config.training_files(training.task, training.learner)
    return _key(config, training, files, inputs.input_files(files))


def evaluation_key(config: Config, run: Run) -> Key:
    """The key that the evaluation of a run would get today; the trained tensors are an input."""
    files = [config.test_file(run.task)]
    checkpoint = Results.of(config).checkpoint(run)
    return _key(config, run, files, [*inputs.input_files(files), checkpoint])


def split_key(config: Config, name: str, data: Path = DATA) -> Key:
    """The key of a split such as `lake` or `flowers/class`."""
    data_set = name.rpartition("/")[0]
    table = data / PICTURES.name / data_set / "classes.csv" if data_set else data / OMNIGLOT.name / CHARACTERS.name
    return _as_read({"settings": data_settings.of_split(config, name), INPUTS: _digests([table])})


def episodes_key(config: Config, file: EpisodeFile) -> Key:
    """The key of an episode file."""
    sources = [DATA / name for name in file.problem.drawn_from(config.split["name"])]
    settings = data_settings.of_episodes(config, file)
    return _as_read({"numerics": NUMERICS_VERSION, "settings": settings, INPUTS: _digests(sources)})


def beside(file: Path) -> Path:
    """Where the key of a split or of an episode file lies."""
    return file.with_suffix(".key.json")


def stored_training_key(results: Results, run: Run) -> Key | None:
    """What run.json states; None where the training has not finished."""
    files = (results.checkpoint(run), results.training(run))
    return _stored(results.record(run)) if all(map(Path.is_file, files)) else None


def stored_evaluation_key(results: Results, run: Run) -> Key | None:
    """What the evaluation record states; None where the evaluation has not finished."""
    files = (results.score(run), results.figure_data(run))
    return _stored(results.evaluation_record(run)) if all(map(Path.is_file, files)) else None


def difference(stored: Key | None, wanted: Key) -> str | None:
    """What a stored key has that today's has not, in words; None where they agree.

    An input counts only where it lies here: published results come without the data that they were made from.
    """
    if not stored:
        return "missing" if stored is None else "no key"
    names = [sorted(key.get(INPUTS, {})) for key in (stored, wanted)]
    if names[0] != names[1]:
        return f"inputs: {_short(names[0])} -> {_short(names[1])}"
    for part in sorted(wanted.keys() - {INPUTS}):
        if (found := _first_difference(part, stored.get(part), wanted[part])) is not None:
            return found
    changed = (path for path, digest in wanted[INPUTS].items() if digest not in (None, stored[INPUTS].get(path)))
    return next((f"{path}: other content" for path in changed), None)


def with_inputs(key: Key) -> Key:
    """A key to be stored. Raises UserError where an input is missing."""
    for path, digest in key[INPUTS].items():
        if digest is None:
            raise UserError(f"{path}: missing: run `snakemake` to make it")
    return key


def digest(key: Mapping[str, Any]) -> str:
    """The SHA-256 of a key."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def _key(config: Config, run: Run, files: Iterable[EpisodeFile], paths: Iterable[Path]) -> Key:
    recipe = config.recipe(run.task, run.learner)
    key: Key = {
        "run": asdict(run),
        "recipe": asdict(recipe),
        "learner": code_digest(signatures.path_of(recipe.learner)),
        "numerics": NUMERICS_VERSION,
        "data": {file.name: data_settings.of_episodes(config, file) for file in files},
        INPUTS: _digests(paths),
    }
    problem = problems.module_of(config.tasks[run.task].name)
    if not problem.startswith(OWN_PACKAGE):
        key["problem"] = code_digest(plugins.file_of(problem))
    return _as_read(key)


def _as_read(key: Key) -> Key:
    """As JSON reads what it wrote: lists instead of tuples."""
    read: Key = json.loads(json.dumps(key))
    return read


def _digests(paths: Iterable[Path]) -> dict[str, str | None]:
    return {str(path): _digest_of(path) for path in paths}


def code_digest(path: Path) -> str:
    """SHA-256 of a file's Python code; comments, docstrings and layout change nothing."""
    return _code_digest(path, path.stat().st_mtime_ns)


@cache
def _code_digest(path: Path, modified_ns: int) -> str:
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}
    every = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    tokens = [one for one in every if one.type not in skipped]
    digest, begins = hashlib.sha256(), True
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        ends = following is not None and following.type in (tokenize.NEWLINE, tokenize.ENDMARKER)
        if not (token.type == tokenize.STRING and begins and ends):
            digest.update({tokenize.INDENT: ">", tokenize.DEDENT: "<"}.get(token.type, token.string).encode())
        begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return digest.hexdigest()


def _digest_of(path: Path) -> str | None:
    return _file_digest(path, path.stat().st_mtime_ns) if path.is_file() else None


@cache
def _file_digest(path: Path, modified_ns: int) -> str:
    return digests.of_content(path)


def _stored(path: Path) -> Key | None:
    try:
        record = read_json(path)
    except UserError:
        return {} if path.is_file() else None  # a damaged record is a stale one
    key = record.get(KEY) if isinstance(record, dict) else None
    return key if isinstance(key, dict) else {}


def _first_difference(name: str, stored: Any, wanted: Any) -> str | None:
    if isinstance(stored, dict) and isinstance(wanted, dict):
        for key in sorted(stored.keys() | wanted.keys()):
            if (found := _first_difference(f"{name}.{key}", stored.get(key), wanted.get(key))) is not None:
                return found
        return None
    if stored == wanted:
        return None
    return f"{name}: changed" if name in FILES else f"{name}: {_short(stored)} -> {_short(wanted)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
