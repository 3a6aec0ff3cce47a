"""Stage `episodes`: draw one episode file and freeze it."""

from __future__ import annotations

from metascore.config.params import Config
from metascore.errors import UsageError
from metascore.files import write_array, write_json
from metascore.store import run_key
from metascore.store.paths import DATA, EPISODES


def run(config: Config, file: str) -> None:
    """Write data/episodes/{file}; `file` is one of those that the budget needs."""
    known = config.episode_files()
    if file not in known:
        raise UsageError(f"--file {file}: not needed by budget {config.budget}: one of {', '.join(known)}")
    problem, part, count = known[file].problem, known[file].part, known[file].count
    sources = [DATA / name for name in problem.drawn_from(config.split["name"])]
    write_array(EPISODES / file, problem.draw(part, count, config.episodes, sources))
    write_json(run_key.beside(EPISODES / file), run_key.episodes_key(config, known[file]))
