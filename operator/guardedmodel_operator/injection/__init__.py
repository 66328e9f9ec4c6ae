"""Putting the guard into a pod: one pure core for managed path, webhook and command line.

Pod template in, pod template and reasons out. It knows neither an API server nor a clock.
"""

from guardedmodel_operator.injection.config import GuardConfig, SidecarDefaults, guard_config
from guardedmodel_operator.injection.inject import InjectionResult, inject

__all__ = ["GuardConfig", "InjectionResult", "SidecarDefaults", "guard_config", "inject"]
