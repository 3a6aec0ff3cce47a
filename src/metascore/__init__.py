"""MetaScore: a reproducible benchmark of meta-learning, judged on frozen episodes."""


def __getattr__(name: str) -> str:
    """`__version__` is asked of the installation: written here, each release would be a change of every job's code."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version(__name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
