"""A mapping of a corpus in a known format, drafted from its files for a person to decide the rest."""
