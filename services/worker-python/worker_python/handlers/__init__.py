"""The step handlers, one module a workload."""
