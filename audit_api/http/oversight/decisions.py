"""What decisions of people have in common on the wire: a reason that says something."""

from typing import Any

from marshmallow import ValidationError

from audit_api.http.blueprints import Text


def not_blank(text: str) -> None:
    """Refuses a reason that says nothing: somebody has to be able to read it years later."""
    if not text.strip():
        raise ValidationError("A reason is needed.")


class Reason(Text):
    """Why a person decides so."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(2000, **kwargs)
        self.validators.append(not_blank)
