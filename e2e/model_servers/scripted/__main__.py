"""`python -m e2e.model_servers.scripted`, or `python -m scripted` in its image."""

from .server import main

main()
