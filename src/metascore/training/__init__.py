"""Meta-training and evaluation: pure functions of tensors, beside the modules of the machine."""
