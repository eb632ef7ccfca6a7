"""What the encoder reads: pairs, contexts and combinations become token ids and batches."""
