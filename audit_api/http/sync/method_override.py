"""`X-HTTP-Method-Override`: the request's method where a proxy on the way knows no PATCH.

tus wants the header to be taken for the method, whatever the request line says
(docs/tus.md). Here, below Flask, so that routes, guards and logs see one method alone.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

_WHERE: Final = "/api/v1/uploads"


class MethodOverride:
    """A WSGI application whose uploads listen to the header; everywhere else it means nothing."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        meant = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "")
        if not re.fullmatch("[A-Z]{1,20}", meant) or not is_upload(environ.get("PATH_INFO", "")):
            return self._application(environ, start_response)
        sent = environ["REQUEST_METHOD"]
        environ["REQUEST_METHOD"] = meant

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if meant == "HEAD" and sent != "HEAD":
                # Nobody but us knows that no body follows: the client would wait for it.
                headers = [(n, "0" if n.lower() == "content-length" else v) for n, v in headers]
            return start_response(status, headers, *rest)

        return self._application(environ, start)


def is_upload(path: str) -> bool:
    """Whether an address is one of those that speak tus."""
    return path == _WHERE or path.startswith(f"{_WHERE}/")
