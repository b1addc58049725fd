"""The images a run begins with: `pictures` reads and resizes them, the two `sample_` modules draw a pair by code."""
