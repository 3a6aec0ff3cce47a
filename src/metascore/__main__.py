"""`python -m metascore STAGE`."""

from metascore.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
