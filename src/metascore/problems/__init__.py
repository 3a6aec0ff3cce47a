"""Kinds of problem: what an episode holds, what a prediction costs and how it is scored. Touches no file."""
