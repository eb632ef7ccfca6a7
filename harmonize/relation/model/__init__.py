"""Encoders, the heads that stand on them, and the classifiers that answer."""
