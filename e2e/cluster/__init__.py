"""A real Kubernetes for tests and the demo, on whatever machine there is.

Three things for callers: `python -m e2e.cluster up` for a whole cluster,
`control_plane.ControlPlane` for an API server alone in a few seconds, `prometheus.Prometheus` to
scrape what runs in it.
Knows Kubernetes and Linux, and nothing of guardedmodel but the names of its two images.
"""
