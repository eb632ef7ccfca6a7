"""Where the bytes of a corpus come from."""
