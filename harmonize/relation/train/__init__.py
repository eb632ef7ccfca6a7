"""Training: a recipe and a union set in, a run out."""
