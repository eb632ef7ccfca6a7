"""Unlabelled text -> an encoder that has read more of it, by predicting masked words."""
