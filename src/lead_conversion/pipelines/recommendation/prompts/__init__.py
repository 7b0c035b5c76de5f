"""Concrete edits of prompts, with what speaks for each part of them."""
