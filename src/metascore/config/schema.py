"""What params.yaml and the budgets may contain: pydantic types, and one-line errors from them. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, NotRequired, get_type_hints

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from metascore.bounds import Positive
from metascore.config.documents import Document, Key, listed
from metascore.config.recipe import Training

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
NAME = re.compile(r"[a-z][a-z0-9_]*")
SHOWN = 60  # characters of a wrong value
OWN_MESSAGES = ("unknown", "name", "unique")  # types of errors whose message is ours


def section(keys: Mapping[str, Any]) -> Any:
    """The type of a dictionary with these keys and types; the error of an unknown key lists them."""
    kind = TypedDict("Section", keys)  # type: ignore[misc]
    return Annotated[with_config(STRICT)(kind), BeforeValidator(partial(_refuse_unknown, keys))]


def optional(keys: Mapping[str, Any]) -> dict[str, Any]:
    """These keys, any of which may be missing."""
    return {name: NotRequired[kind] for name, kind in keys.items()}


def one_of(names: Iterable[str]) -> Any:
    """The type of one of these names."""
    return Literal[tuple(names) or ("",)]


def table(names: Any, kind: Any) -> Any:
    """The type of a dictionary with any number of these names."""
    return dict[names, kind]


def several(kind: Any) -> Any:
    """The type of a list of different values, one at least."""
    return Annotated[list[kind], Field(min_length=1), AfterValidator(_is_unique)]


def named(*reserved: str) -> Any:
    """The type of a name that is none of the reserved ones."""
    return Annotated[str, AfterValidator(partial(_is_name, reserved))]


def _refuse_unknown(keys: Mapping[str, Any], values: Any) -> Any:
    for key in values if isinstance(values, dict) else ():
        if key not in keys:
            raise PydanticCustomError("unknown", "unknown: one of {known}", {"key": key, "known": listed(keys)})
    return values


def _is_unique(values: list[Any]) -> list[Any]:
    if len({*values}) < len(values):
        raise PydanticCustomError("unique", "has a value twice: delete one")
    return values


def _is_name(reserved: Iterable[str], name: str) -> str:
    if name in reserved:
        raise PydanticCustomError("name", "has another meaning: choose another name")
    if not NAME.fullmatch(name):
        cure = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789") or "my_name"
        raise PydanticCustomError("name", "not a name: use small letters, digits and _, such as {cure}", {"cure": cure})
    return name


Seed = Annotated[int, Field(ge=0, le=4294967295)]
Seconds = Annotated[float, Field(gt=0, le=10_000_000)]
Parts = Annotated[list[Literal["train", "validation", "test"]], AfterValidator(_is_unique)]
Text = Annotated[str, Field(min_length=1)]
COUNTS = {"train": Positive, "validation": Positive, "test": Positive}
TRAINING = section(optional(get_type_hints(Training, include_extras=True)))
FOLDER_SPLIT = {
    "name": Literal["class", "group", "parts", "file"],
    "seed": Seed,
    "validation": Positive,  # classes, or groups; a fifth where missing
    "test": Positive,
    "file": Text,
}
FOLDER = {  # a data set of the user
    "kind": Literal["folder"],
    "path": Text,  # absolute, or relative to the project's folder
    "size": Annotated[int, Field(ge=20, le=512)],  # pixels of a side
    "channels": Literal[1, 3],
    "invert": NotRequired[bool],
    "rotate": NotRequired[Parts],  # parts whose pictures may be turned by quarter turns
    "split": NotRequired[section(optional(FOLDER_SPLIT))],
}
OMNIGLOT = {"sources": several(Literal["mirror", "torchvision", "glyphs"]), "glyphs_seed": Seed}
PARAMS = {
    "budget": str,
    "data": table(named("splits", "episodes", "downloads", "sine", "navigation"), Any),  # folders in data/
    "split": section({"name": Literal["random", "lake", "file"], "seed": Seed, "file": Text, **COUNTS}),
    "episodes": section({"seed": Seed, "rotate": Parts, "grid": bool}),
    "tasks": table(named(), dict[str, Any]),
    "learners": table(named("all"), dict[str, Any] | None),
}
ENTRY = optional({"learner": named(), "like": str, "trained_as": str})


def budget(tasks: Iterable[str], learners: Iterable[str], kinds: Iterable[str]) -> Any:
    """The type of a file in params/, where these tasks, learners and kinds of problems are defined."""
    task, learner, learner_or_all = one_of(tasks), one_of(learners), one_of(["all", *learners])
    counts = NotRequired[table(one_of(kinds), section(optional(COUNTS)))]
    return section(
        {
            "full_length": NotRequired[bool],  # trainings are as long as the entries state
            "seconds": NotRequired[Seconds | table(one_of([*kinds, *tasks]), Seconds)],  # of a training
            "iterations": NotRequired[table(task, table(learner, Positive))],  # measured by `metascore calibrate`
            "tasks": several(task),
            "seeds": several(Seed),
            "fewer_seeds": NotRequired[table(task, Positive)],  # how many of the seeds a task runs: the smallest ones
            "published": NotRequired[bool],  # the results are in git
            "trained_on": NotRequired[table(task, table(learner_or_all, task | None))],  # see `trainings`
            "episodes": section({**COUNTS, "for": counts}),
            "learners": table(learner_or_all, dict[str, Any] | None),
        }
    )


def numbers(hyper_parameters: Iterable[str], names: Iterable[str]) -> Any:
    """The type of a section that states these hyper-parameters and `training`, also `for` each of these names."""
    own = optional(dict.fromkeys(hyper_parameters, Any)) | {"training": NotRequired[TRAINING]}
    return section({**own, "for": NotRequired[table(one_of(names), section(own) | None)]})


def check(document: Document, key: Key, kind: Any, values: Any) -> None:
    """Raises UsageError unless the values of a key have a type: one line with file, line and key."""
    try:
        (kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)).validate_python(values)
    except ValidationError as error:
        found = [(_path(one, values), one) for one in error.errors(include_url=False)]
        path, first = max(found, key=lambda pair: len(pair[0]))  # the deepest: others are of a union's other types
        raise document.wrong((*key, *path), _message(first)) from error


def _path(error: Any, values: Any) -> Key:
    """The key that an error is about, without the names of types that pydantic puts between."""
    path: Key = ()
    for part in error["loc"]:
        if (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int)):
            path, values = (*path, part), values[part]
    return (
        *path,
        *{"missing": error["loc"][-1:], "unknown": (error.get("ctx", {}).get("key"),)}.get(error["type"], ()),
    )


def _message(error: Any) -> str:
    if error["type"] == "missing":
        return "missing: add it"
    if error["type"] in OWN_MESSAGES:
        return str(error["msg"])
    value = repr(error["input"])
    shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}..."
    return f"{shown}: {' '.join(error['msg'].removeprefix('Input ').split())}: correct it"
