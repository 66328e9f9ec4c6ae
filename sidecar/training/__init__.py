"""From data sets to one classifier artefact: `python -m training.build`. Never in an image."""
