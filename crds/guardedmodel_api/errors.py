"""Errors of the contract.

    ContractError
    ├── PolicyError      the compiled policy can't be read: garbage, wrong version, wrong digest
    └── ResourceError    a custom resource can't be read; carries one line per field

Every message names field, value, reason and remedy, and never holds prompt text.
"""


class ContractError(Exception):
    """Base of everything this package raises."""

    code = "contract_error"


class PolicyError(ContractError):
    """A compiled policy that must not be used."""

    code = "policy_invalid"


class ResourceError(ContractError):
    """A custom resource that must not be used; `problems` holds one sentence per field."""

    code = "resource_invalid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
