"""A union set in the formats of other tools."""
