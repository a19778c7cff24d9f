"""Training of the matching models; run by ``script/train-matching``."""
