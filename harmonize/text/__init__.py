"""Text as strings and offsets."""
