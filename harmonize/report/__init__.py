"""The report of a union set: one HTML file with counts, charts and a sample to browse."""
