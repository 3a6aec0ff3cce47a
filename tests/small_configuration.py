"""A small configuration of two budgets, whose values tests change, as if read from files."""

from typing import Any

import yaml

from metascore.config import documents, loading
from metascore.config.params import Config

PARAMS = """
budget: tiny
data: {omniglot: {sources: [glyphs], glyphs_seed: 0}}
split: {name: random, seed: 0, train: 40, validation: 10, test: 10, file: lists}
episodes: {seed: 0, rotate: [train], grid: true}
tasks:
  images: {problem: omniglot, way: 5, shot: 1, query: 5}
  many: {problem: omniglot, way: 10, shot: 1, query: 5}
  waves: {problem: sine, shot: 5, query: 10}
learners:
  chance: {}
  protonet: {width: 64, training: {iterations: 100, meta_lr: 0.5, way: 20}}
  maml:
    width: 64
    inner_lr: 1.0
    train_steps: 1
    test_steps: 3
    training: {iterations: 100, meta_batch: 4}
    for:
      omniglot: {inner_lr: 2.0, test_steps: 4}
      many: {inner_lr: 3.0, training: {meta_batch: 8}}
  first: {like: maml, first_order: true, inner_lr: 0.5}
"""
BUDGETS = {
    "tiny": """
tasks: [images, many, waves]
seeds: [0, 1]
episodes: {train: 8, validation: 4, test: 6}
learners:
  all: {width: 8, downsample: max_pool, training: {iterations: 6, meta_batch: 2, schedule: cosine}}
  protonet: {training: {way: 6}}
  maml: {test_steps: 5, for: {many: {width: 9}}}
""",
    "other": """
full_length: true
tasks: [waves]
seeds: [3]
episodes: {train: 8, validation: 4, test: 6}
learners: {}
""",
}

DELETE = "(deleted)"


def configured(params: Any, budgets: dict[str, Any], budget: str | None = None, lengths: bool = True) -> Config:
    """What these values come to, as if read from files."""
    files = {name: documents.parsed(dumped(values), f"params/{name}.yaml") for name, values in budgets.items()}
    return loading.validated(documents.parsed(dumped(params), "params.yaml"), files, budget, lengths)


def dumped(values: Any) -> str:
    return yaml.safe_dump(values, sort_keys=False)


def values() -> tuple[dict[str, Any], dict[str, Any]]:
    """params.yaml and the budgets, to be changed."""
    return yaml.safe_load(PARAMS), {name: yaml.safe_load(text) for name, text in BUDGETS.items()}


def small(budget: str | None = None) -> Config:
    return configured(*values(), budget)


def changed(path: str, value: Any, budget: str | None = None) -> Config:
    """The small configuration with the value of one key replaced, added or deleted."""
    params, budgets = values()
    place, _, keys = path.rpartition(": ")
    section = budgets[place] if place else params
    *sections, key = keys.split(".")
    for name in sections:
        section = section.setdefault(name, {})
    if value is DELETE:
        del section[key]
    else:
        section[key] = value
    return configured(params, budgets, budget)
