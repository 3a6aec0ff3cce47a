"""Where files lie, relative to the project's folder."""

from pathlib import Path

IMAGES = Path("data/omniglot/images.npy")
EPISODES = Path("data/episodes")
