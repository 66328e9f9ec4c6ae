"""`spec.crisis` and `spec.disclosure`: the words that reach a person, by locale.

Locales are BCP 47 tags. A helpline carries its source and the day on which a human checked it.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from guardedmodel_api.v1alpha1.base import Resource, cel, list_map

Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", max_length=6)]
IsoDate = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"})
]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=500)]


class ResourceType(StrEnum):
    """Kind of help."""

    CRISIS_LINE = "crisis-line"
    CRISIS_TEXT = "crisis-text"
    CHAT = "chat"
    DIRECTORY = "directory"
    EMERGENCY = "emergency"


class CrisisResource(Resource):
    """One place to turn to."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the service."""
    type: ResourceType = ResourceType.CRISIS_LINE
    """Kind of help."""
    contact: Annotated[str, Field(min_length=2, max_length=200)]
    """What to call, text or open, as a person would be told."""
    hours: Annotated[str, Field(max_length=100)] | None = None
    """When it is reachable, such as 24/7."""
    source: Annotated[str, Field(min_length=3, max_length=500)]
    """Where contact and hours were read."""
    last_verified: IsoDate
    """Day on which a human checked the contact, YYYY-MM-DD."""


class CrisisLocale(Resource):
    """The crisis answer of one locale."""

    locale: Locale
    """BCP 47 tag, such as en-US."""
    message: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """What the person reads before the helplines. Default: a built-in text of that language."""
    resources: Annotated[list[CrisisResource], Field(min_length=1, max_length=20)]
    """Helplines, in the order in which they are shown."""


class Crisis(Resource):
    """What a person in crisis gets, in the same turn, in place of the model's answer."""

    default_locale: Locale = "en-US"
    """Locale of a request that names none."""
    locales: Annotated[
        list[CrisisLocale], Field(max_length=64, json_schema_extra=list_map("locale"))
    ] = Field(default_factory=list)
    """Locales that differ from the built-in table, or are missing in it."""
    protocol_url: HttpsUrl | None = Field(default=None, alias="protocolURL")
    """Public page with your crisis protocol (control GM-CRIS-07)."""


class StartNotice(StrEnum):
    """When the disclosure at the start is given."""

    ALWAYS = "Always"
    NEVER = "Never"


class NoticeText(Resource):
    """The disclosure of one locale."""

    locale: Locale
    """BCP 47 tag, such as en-US."""
    text: Annotated[str, Field(min_length=10, max_length=500)]
    """What the person reads: that this is an AI and not a human."""


class Disclosure(Resource):
    """Telling people that they talk to an AI (control GM-DISC-01)."""

    start_notice: StartNotice = StartNotice.ALWAYS
    """Always puts the notice before the first answer of a conversation. Never is overruled by a
    profile that asks for it."""
    texts: Annotated[
        list[NoticeText], Field(max_length=64, json_schema_extra=list_map("locale"))
    ] = Field(default_factory=list)
    """Texts that differ from the built-in ones."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.startNotice != 'Never' || !has(self.texts) || size(self.texts) == 0",
                "disclosure.texts has no effect while startNotice is Never: set startNotice to"
                " Always or remove texts",
            )
        )
    )
