"""Keys by which other programs reach an operator's record: which resources, who made them, where they were used."""
