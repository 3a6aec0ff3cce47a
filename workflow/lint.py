"""`snakemake --lint`, but for one demand: an environment or container for each rule.

All rules use the one environment that the constraints pin, which Snakemake itself runs in.
"""

import re
import subprocess
import sys

ALLOWED = "Specify a conda environment or container for each rule."


def main() -> int:
    """Print what lint finds beside the allowed; returns the exit status."""
    done = subprocess.run(("snakemake", "--lint"), capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    titles = re.findall(r"^    \* (.*):$", said, flags=re.MULTILINE)
    if set(titles) == {ALLOWED}:
        return 0
    sys.stderr.write(said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
