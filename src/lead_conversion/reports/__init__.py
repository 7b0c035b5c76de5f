"""How results look: numbers in words, tables, figures, pages."""
