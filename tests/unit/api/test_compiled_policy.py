"""The compiled policy is loaded strictly or not at all."""

import json

import pytest
from guardedmodel_api.compiled_policy import CompiledPolicy, load_policy
from guardedmodel_api.errors import PolicyError


def _policy() -> CompiledPolicy:
    rule = {"action": "Block"}
    return CompiledPolicy.model_validate(
        {
            "target": {"namespace": "default", "name": "chat"},
            "model": {"name": "m", "responsible_party": "Example", "contact": "a@example.org"},
            "upstream": {"protocol": "ollama", "port": 11434},
            "enforcement": "Enforce",
            "failure_policy": "Closed",
            "categories": [{"name": "hate", "input": rule, "output": rule}],
            "refusal_message": "No.",
            "crisis": {
                "default_locale": "en-US",
                "locales": [{"locale": "en-US", "message": "Help is near.", "resources": []}],
            },
            "disclosure": {"start_notice": True, "texts": []},
        }
    )


def test_bytes_load_back_to_the_same_digest() -> None:
    """What was compiled is what is loaded."""
    policy = _policy()

    loaded = load_policy(policy.to_bytes())

    assert policy.digest == loaded.digest


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data[:-9], "half-written"),
        (lambda data: data.replace(b'"schema_version":1', b'"schema_version":2'), "schema_version"),
        (lambda data: data.replace(b'"card":{}', b'"card":{},"extra":1'), "extra"),
        (lambda data: json.dumps(json.loads(data), indent=1).encode(), "canonical"),
        (lambda data: data.replace(b'"default_locale":"en-US"', b'"default_locale":"xx"'), "locale"),
    ],
)
def test_a_damaged_policy_is_refused(damage, says) -> None:
    """Half-written, of another version, with unknown fields, edited: each is named."""
    with pytest.raises(PolicyError) as caught:
        load_policy(damage(_policy().to_bytes()))

    assert says.split()[0] in str(caught.value)
