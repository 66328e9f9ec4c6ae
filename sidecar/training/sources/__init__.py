"""Loaders of the public training sets: each yields rows with what is known and what is not."""
