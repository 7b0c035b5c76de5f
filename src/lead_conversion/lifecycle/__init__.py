"""How a model and a change earn and keep their place."""
