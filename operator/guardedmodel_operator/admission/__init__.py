"""Admission: what the API server asks before a pod or Service comes to be.

Its own small Deployment, apart from the reconciler; the webhook configuration belongs to Helm. The
ValidatingAdmissionPolicies of `policies` hold even when all of this is down.
"""
