"""ValidatingAdmissionPolicies: the API server itself refuses what goes round the guard. Data.

They need no webhook, no certificate and no running pod of ours. `python -m
guardedmodel_operator.admission.policies` prints them; the chart's template is generated from here.
"""

import sys
from typing import Any

import yaml

from guardedmodel_api import names

_GUARDED = f"object.metadata.?labels['{names.LABEL_GUARDED}'].orValue('') == 'true'"
_WAS_GUARDED = (
    "oldObject != null && "
    f"oldObject.metadata.?labels['{names.LABEL_GUARDED}'].orValue('') == 'true'"
)
_INITS = "object.spec.?initContainers.orValue([])"
_SELECTOR = "object.spec.?selector.orValue({})"


def policies() -> list[dict[str, Any]]:
    """The policies with their bindings."""
    pod = _policy(
        "guardedmodel-pods",
        _rule([""], ["pods"], ["CREATE"]),
        conditions={"guarded": _GUARDED},
        validations=[
            (
                f"{_INITS}.size() > 0 && {_INITS}[0].name == '{names.GUARD_CONTAINER}'",
                "this pod is labelled as guarded but its first init container is not"
                f" {names.GUARD_CONTAINER}: let the operator or the webhook put the guard in, or"
                f" remove the label {names.LABEL_GUARDED}",
            ),
            (
                f"{_INITS}.exists(c, c.name == '{names.GUARD_CONTAINER}' &&"
                " c.?restartPolicy.orValue('') == 'Always')",
                f"container {names.GUARD_CONTAINER} must be a sidecar (restartPolicy: Always)",
            ),
            (
                f"{_INITS}.all(c, c.name != '{names.GUARD_CONTAINER}' ||"
                f" c.?env.orValue([]).exists(e, e.name == '{names.ENV_POLICY_FILE}'))",
                f"container {names.GUARD_CONTAINER} has no policy: it is not the operator's guard",
            ),
            (
                f"has(object.metadata.annotations) && '{names.ANNOTATION_INJECTED}' in"
                " object.metadata.annotations",
                f"annotation {names.ANNOTATION_INJECTED} is missing: the guard was not put in by"
                " guardedmodel",
            ),
            (
                "!object.spec.?hostNetwork.orValue(false)",
                "a guarded pod can't use the host's network, where loopback is everybody's: set"
                " spec.hostNetwork to false",
            ),
        ],
    )
    update = _policy(
        "guardedmodel-pod-updates",
        _rule([""], ["pods", "pods/ephemeralcontainers"], ["UPDATE"]),
        conditions={"was-guarded": _WAS_GUARDED},
        validations=[
            (
                _GUARDED,
                f"label {names.LABEL_GUARDED} of a guarded pod can't be removed: delete the pod or"
                " the GuardedModel",
            ),
            (
                f"object.metadata.?labels['{names.LABEL_MODEL}'].orValue('') =="
                f" oldObject.metadata.?labels['{names.LABEL_MODEL}'].orValue('')",
                f"label {names.LABEL_MODEL} of a guarded pod can't change",
            ),
            (
                "object.spec.?ephemeralContainers.orValue([]).size() <="
                " oldObject.spec.?ephemeralContainers.orValue([]).size()",
                "a debug container in a guarded pod could reach the model past its guard: debug a"
                " copy of the pod instead (kubectl debug --copy-to)",
            ),
        ],
    )
    service = _policy(
        "guardedmodel-services",
        _rule([""], ["services"], ["CREATE", "UPDATE"]),
        conditions={
            "selects-guarded": f"'{names.LABEL_GUARDED}' in {_SELECTOR} ||"
            f" '{names.LABEL_MODEL}' in {_SELECTOR}"
        },
        validations=[
            (
                "object.spec.?ports.orValue([]).all(p,"
                " string(p.?targetPort.orValue(p.port)) in"
                f" ['{names.GUARD_PORT_NAME}', '{names.ADMIN_PORT_NAME}', '{names.GUARD_PORT}',"
                f" '{names.ADMIN_PORT}'])",
                "this Service selects guarded pods and points past the guard: use targetPort"
                f" {names.GUARD_PORT_NAME} ({names.GUARD_PORT})",
            )
        ],
    )
    return [item for policy in (pod, update, service) for item in (policy, _binding(policy))]


def _rule(groups: list[str], resources: list[str], operations: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": groups,
        "apiVersions": ["v1"],
        "operations": operations,
        "resources": resources,
    }


def _policy(
    name: str,
    rule: dict[str, Any],
    *,
    conditions: dict[str, str],
    validations: list[tuple[str, str]],
) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name, "labels": {names.LABEL_MANAGED_BY: names.MANAGED_BY}},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [
                {"name": key, "expression": expression} for key, expression in conditions.items()
            ],
            "validations": [
                {"expression": expression, "message": message, "reason": "Forbidden"}
                for expression, message in validations
            ],
        },
    }


def _binding(policy: dict[str, Any]) -> dict[str, Any]:
    name = policy["metadata"]["name"]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name, "labels": {names.LABEL_MANAGED_BY: names.MANAGED_BY}},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }


def render() -> str:
    """All of them as the chart's template: YAML documents behind one switch."""
    body = yaml.safe_dump_all(policies(), sort_keys=False, width=100)
    return (
        "# Generated by `make generate` from guardedmodel_operator.admission.policies. Do not edit.\n"
        "{{- if .Values.admissionPolicies.enabled }}\n" + body + "{{- end }}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
