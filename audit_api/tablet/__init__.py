"""A tablet: what an inspector's device keeps, hands in and pulls. The example for an app.

It imports nothing of the server and knows only the wire protocol (docs/field-app.md). The standard
library is enough; with `cryptography` it makes a key of its own and checks signatures.

Read it in this order: `store` (what is kept), `outbox` (what was done), `link` (the network),
`pushing`, `photos`, `pulling`, `receipts`, `enrolling`, and `client`, which puts them together.
"""

from audit_api.tablet.client import SyncReport, Tablet
from audit_api.tablet.clock import Clock, Moment
from audit_api.tablet.enrolling import EnrolledAgain
from audit_api.tablet.errors import LinkDown, NotEnrolled, Refused, TabletError
from audit_api.tablet.link import Answer, HttpTransport, Patience
from audit_api.tablet.outbox import Operation, PhotoFile

__all__ = [
    "Answer",
    "Clock",
    "EnrolledAgain",
    "HttpTransport",
    "LinkDown",
    "Moment",
    "NotEnrolled",
    "Operation",
    "Patience",
    "PhotoFile",
    "Refused",
    "SyncReport",
    "Tablet",
    "TabletError",
]
