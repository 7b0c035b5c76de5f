"""Learns from a campaign agent's database which leads convert, why, and what to change."""

__version__ = "0.1.0"
