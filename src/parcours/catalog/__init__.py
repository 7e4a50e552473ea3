"""Data sets and batches: what there is to land in, and what landed."""
