"""The main job on real input: from `kubectl apply` to a guarded answer, shown step by step.

`python -m e2e.demo` is what `make demo` runs. It uses only what a user has: helm, kubectl, the
official OpenAI client and the guard's own endpoints.
"""
