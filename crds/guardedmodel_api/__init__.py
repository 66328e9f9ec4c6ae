"""The contract between operator, sidecar and command line.

Holds the custom resources, the compiled policy, the decision record and every
shared name. It imports the standard library, pydantic and PyYAML, and knows
neither Kubernetes clients nor the data path.
"""

__version__ = "0.1.0"
