"""Pictures: `file` reads, resizes and writes them, `codec` and `kind` know the formats, `sheet` lays them out."""
