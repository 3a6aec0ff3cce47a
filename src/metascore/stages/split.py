"""Stage split: which characters are for meta-train, meta-validation and meta-test."""

from pathlib import Path

import pandas as pd

from metascore.config.params import Config
from metascore.data.omniglot import COLUMNS
from metascore.data.splits import make_split
from metascore.errors import UserError
from metascore.files import write_json


def run(config: Config, data: Path = Path("data/omniglot"), target: Path = Path("data/splits")) -> None:
    """Write {split.name}.json into `target`: the character indices of train, validation and test."""
    write_json(target / f"{config.split['name']}.json", make_split(read_characters(data), config.split))


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
