"""Meta-training and the judging of episodes: pure functions of tensors, but for the machine that they run on."""
