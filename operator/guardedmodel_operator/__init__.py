"""The operator: reads GuardedModels, compiles policies, keeps what they own as it should be."""
