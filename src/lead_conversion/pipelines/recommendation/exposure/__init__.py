"""Who met which step when, with which history: the rows that effects, sequences and traffic are counted on."""
