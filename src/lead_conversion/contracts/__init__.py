"""Data contracts: one file a layer, and the gate that enforces them."""
