"""params.yaml, read and resolved to what each run needs. Imports no torch."""
