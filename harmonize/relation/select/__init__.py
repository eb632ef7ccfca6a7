"""Which rows of a union set are trained on, watched and tested."""
