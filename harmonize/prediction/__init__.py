"""New documents in, relations out: readers, pairs by the rules that build the union set, writers."""
