"""Whole sequences: how leads go through them, and which one would do better."""
