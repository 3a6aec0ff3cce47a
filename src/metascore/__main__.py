"""`python -m metascore STAGE`."""

import sys

from metascore.orchestration import preloading


def main() -> int:
    """Run one stage where everything is imported already, if there is such a process here; returns the exit status."""
    status = preloading.ask(sys.argv[1:])
    if status is None:
        from metascore import cli

        status = cli.main()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
