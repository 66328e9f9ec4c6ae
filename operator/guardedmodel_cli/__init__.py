"""`guardedmodel`, also as `kubectl guardedmodel`: guard a local model, compile, inject on paper."""
