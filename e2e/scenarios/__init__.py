"""End-to-end scenarios on a real cluster with real pods."""
