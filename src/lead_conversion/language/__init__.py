"""What a text says, told by its words: of replies, and of the prompts that they answer."""
