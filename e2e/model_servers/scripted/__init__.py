"""An OpenAI-compatible server that says what a test tells it to say: test equipment, never a model.

A real model can't be made to insult somebody at token 40, to die in the middle of a stream or to
hang for a minute. Tests of a guard need exactly that. What is answered is chosen by the last user
message, by rules (`rules.py`); the wire format is in `answers.py`, the sockets in `server.py`.

In a test, in the same process:

    async with running() as model:            # a free port on loopback
        ...                                   # talk to model.url
        assert len(model.received) == 1       # what reached the model, headers included

As a program: `python -m e2e.model_servers.scripted --host 127.0.0.1 --port 8000 [--rules FILE]`.
It imports nothing of guardedmodel, so it can't share a mistake with what it tests.
"""

from .rules import BUILT_IN_RULES, Rule, parse_rules
from .server import Received, RunningServer, create_app, running

__all__ = [
    "BUILT_IN_RULES",
    "Received",
    "Rule",
    "RunningServer",
    "create_app",
    "parse_rules",
    "running",
]
