"""`guardedmodel.dev/v1alpha1`: the custom resources as pydantic models, one file per subject."""

from guardedmodel_api.v1alpha1.guarded_model import (
    GuardedModel,
    GuardedModelSpec,
    parse_guarded_model,
)
from guardedmodel_api.v1alpha1.status import GuardedModelStatus

__all__ = ["GuardedModel", "GuardedModelSpec", "GuardedModelStatus", "parse_guarded_model"]
