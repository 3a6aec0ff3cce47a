"""Measure what a GPU does with MetaScore; what is most worth knowing comes first.

    python -m benchmarks.gpu [--minutes 8] [--out DIR] [--carried DIR] [--device cpu --tiny]

Needs torch, numpy, PyYAML, pandas, safetensors, jaxtyping and pillow, and with `--carried` no installed project:
`PYTHONPATH=src` is enough. `python -m benchmarks.gpu.carried DIR` makes that folder beforehand.
"""

from __future__ import annotations

import argparse
import os
import traceback
from pathlib import Path
from types import ModuleType

os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # read when torch is imported

import torch

from benchmarks.gpu import backbone, facts, learners, papers, quick, sharing, speed
from benchmarks.gpu.report import Deadline, Report
from benchmarks.gpu.setup import Setup
from metascore.training import machine

SECTIONS: tuple[ModuleType, ...] = (facts, learners, speed, quick, sharing, backbone, papers)


def main(arguments: list[str] | None = None) -> None:
    """Run every section that fits into the minutes; an error ends its row, and nothing else."""
    options = _parser().parse_args(arguments)
    report, deadline = Report(options.out), Deadline(60 * options.minutes)
    try:
        with machine.prepared() as found:
            setup = Setup(torch.device(options.device or found), options.tiny, options.carried, deadline)
            for section in SECTIONS:
                _run(section, setup, report)
    finally:
        deadline.cancel()
        report.close()


def _run(section: ModuleType, setup: Setup, report: Report) -> None:
    name = section.__name__.rpartition(".")[2]
    if not setup.tiny and setup.deadline.left < section.SECONDS:
        report.add(name, {"skipped": f"{setup.deadline.left:.0f} s are left, it takes {section.SECONDS}"})
        return
    try:
        for row in section.rows(setup):
            report.add(name, row)
    except Exception as error:  # whatever it is, the next section may work
        report.add(name, {"error": f"{type(error).__name__}: {error}", "at": traceback.format_exc(limit=-3)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=8, help="until the process ends by itself (default: 8)")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder for results.jsonl and report.md")
    parser.add_argument("--carried", type=Path, help="what `python -m benchmarks.gpu.carried` made")
    parser.add_argument("--device", help="such as cpu, cuda or mps (default: the GPU where there is one)")
    parser.add_argument("--tiny", action="store_true", help="rehearse: every section with a few steps")
    return parser


if __name__ == "__main__":
    main()
