"""The stages: the thin shell around the package, which alone reads and writes files."""
