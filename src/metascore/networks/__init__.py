"""Networks as pure functions of named tensors. Touches no file."""
