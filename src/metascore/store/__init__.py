"""The contract of files: where each lies, how it is written, and what is checked when it is read."""
