"""The version of the numerics that all runs share."""

# Raise it when a change of training, networks, problems or scoring moves a number: every run is then made anew.
# tests/golden notices such a change.
NUMERICS_VERSION = 1
