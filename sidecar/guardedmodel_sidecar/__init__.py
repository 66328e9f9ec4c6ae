"""The guard that stands before one model: the whole data path, without Kubernetes.

`lifecycle` starts it, `proxy` moves bytes, `dialects` and `http` are the pure protocol rules,
`moderation` judges, `records` writes down what was decided. See docs/sidecar-behaviour.md.
"""

from guardedmodel_api import __version__

__all__ = ["__version__"]
