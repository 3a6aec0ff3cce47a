"""MetaScore: a reproducible benchmark of meta-learning, judged on frozen episodes."""

__version__ = "0.1.0"
