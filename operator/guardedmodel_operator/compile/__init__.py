"""From a GuardedModel and a date to the compiled policy. Pure: no client, no clock, no network.

`compile_policy` is the only door. Profiles, controls, helplines and texts are data beside the code.
"""

from guardedmodel_operator.compile.policy import Compilation, compile_policy

__all__ = ["Compilation", "compile_policy"]
