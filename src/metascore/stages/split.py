"""Stage split: which classes are for meta-train, meta-validation and meta-test."""

from pathlib import Path

import pandas as pd

from metascore.config.params import Config
from metascore.data import class_splits, classes, near_equal
from metascore.data.omniglot import COLUMNS
from metascore.data.splits import make_split
from metascore.errors import UsageError, UserError
from metascore.files import write_json
from metascore.store import run_key
from metascore.store.paths import DATA, PICTURES


def run(config: Config, name: str | None = None, data: Path = DATA) -> None:
    """Write data/splits/{name}.json, the class indices of train, validation and test.

    `name` is one of Omniglot's splits, or a data set and its split, such as flowers/class. The default is all splits of
    the budget.
    """
    known = [split.removeprefix("splits/") for split in config.splits()]
    if name is not None and name not in known:
        raise UsageError(f"--name {name}: not needed by budget {config.budget}: one of {', '.join(known)}")
    for one in known if name is None else [name]:
        path = data / "splits" / f"{one}.json"
        write_json(path, _split(config, one, data))
        write_json(run_key.beside(path), run_key.split_key(config, one, data))


def _split(config: Config, name: str, data: Path) -> dict[str, list[int]]:
    data_set, _, own = name.rpartition("/")
    if not data_set:
        return make_split(read_characters(data / "omniglot"), config.split | {"name": name})
    settings, culprit = config.folders[data_set].get("split", {}), f"data.{data_set}.split"
    folder = data / PICTURES.name / data_set
    table = classes.read(folder / "classes.csv")
    split = class_splits.make(table, settings | {"name": own}, culprit)
    if (folder / "images.npy").exists():
        near_equal.warn(split, table, folder / "images.npy", culprit)
    return split


def read_characters(data: Path = Path("data/omniglot")) -> pd.DataFrame:
    """Return the table of characters that stage data wrote. Raises UserError when it is missing."""
    path = data / "characters.csv"
    try:
        characters = pd.read_csv(path, index_col="index", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: delete it and run `metascore data`") from error
    if not set(COLUMNS) <= set(characters.columns):
        raise UserError(f"{path}: lacks one of the columns {', '.join(COLUMNS)}: delete it and run `metascore data`")
    return characters
