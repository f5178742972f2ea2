"""A receiver for a test: waits for one event, verifies who sent it, prints it and ends.

python3 receive_webhook.py PORT SECRET
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed with the secret; to anything else the connection breaks."""

    def do_POST(self) -> None:
        """One event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = Webhook(sys.argv[2]).verify(body, dict(self.headers))
        self.send_response(204)
        self.end_headers()
        sys.stdout.write(f"{json.dumps(event, ensure_ascii=False)}\n")

    def log_message(self, *_: object) -> None:
        """Nothing but the event is printed."""


with HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver) as server:
    server.handle_request()
