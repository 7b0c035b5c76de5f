"""The tests that prove a change: how they are planned, and how they are read."""
