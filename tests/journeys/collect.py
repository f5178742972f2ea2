"""How ODK Collect uploads a finished form: a port of what its code does, over plain HTTP.

HEAD first; then POSTs with as many files as fit into what the server accepts, at least one each,
the form repeated in every one and `*isIncomplete*` in all but the last. It stops at the first
answer that is neither 201 nor 202, or when the line breaks, and begins anew the next time.
(getodk/collect: InstanceServerUploader, OkHttpConnection.uploadSubmissionAndFiles)
"""

import http.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.http.collecting import CONTENT_TYPE, form_body

MOST_FILES = 100
UNTOLD = 10_000_000
"""What it takes a server to accept that says nothing."""
SUCCESS = (201, 202)


@dataclass
class Upload:
    """A finished form with its files, on its way to an address."""

    address: str
    xml: bytes
    files: Sequence[tuple[str, bytes]]
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    def run(self) -> bool:
        """Send all of it; False when an answer was no success. Raises OSError when the line
        breaks.
        """
        for body in self.bodies(self.accepted()):
            self.answers.append(self._ask("POST", body))
            if self.answers[-1][0] not in SUCCESS:
                return False
        return True

    def accepted(self) -> int:
        """What HEAD says; anything but 204 sends no form at all."""
        connection = self._connect()
        try:
            connection.request("HEAD", self._path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204, answer.status
            assert answer.headers["Location"] is None
            return int(answer.headers["X-OpenRosa-Accept-Content-Length"] or UNTOLD)
        finally:
            connection.close()

    def bodies(self, accepted: int) -> Iterator[bytes]:
        """The POSTs, split by what is accepted."""
        nth, first = 0, True
        while first or nth < len(self.files):
            first = False
            part: list[tuple[str, bytes]] = []
            size, more = 0, False
            while nth < len(self.files):
                part.append(self.files[nth])
                size += len(self.files[nth][1])
                nth += 1
                if nth < len(self.files) and (
                    len(part) > MOST_FILES or size + len(self.files[nth][1]) > accepted
                ):
                    more = True
                    break
            yield form_body(self.xml, part, more=more)

    @property
    def _path(self) -> str:
        return f"{urlsplit(self.address).path}/submission?deviceID=collect%3Ajourney"

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)

    def _ask(self, method: str, body: bytes) -> tuple[int, bytes]:
        connection = self._connect()
        try:
            connection.request(method, self._path, body, {"Content-Type": CONTENT_TYPE})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
