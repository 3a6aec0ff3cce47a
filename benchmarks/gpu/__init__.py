"""What a GPU does with MetaScore, measured in the few minutes for which one can be had: `python -m benchmarks.gpu`."""
