"""Writing down what was decided, before anybody sees it."""
