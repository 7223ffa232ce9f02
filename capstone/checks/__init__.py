"""The modules here: the experiments, and the network, texts and settings that they use."""
