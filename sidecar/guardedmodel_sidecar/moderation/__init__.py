"""Judging text: the classifier, how it is called, and what follows from its scores."""
