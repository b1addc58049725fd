"""The images a run begins with: `files` names them, `pictures` reads them, the `sample_` modules draw a pair."""
