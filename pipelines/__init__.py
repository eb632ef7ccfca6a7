"""What a user runs: thin, in order, over the library."""
