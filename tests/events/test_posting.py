"""Where a webhook may lead: https, the public network, no redirect, no proxy, not for long."""

import socket
from collections.abc import Iterator

import pytest

from audit_api.domain.errors import InvalidInput
from audit_api.services.events import posting
from audit_api.services.events.manage_webhooks import check_url
from audit_api.services.events.posting import is_public, post
from tests.events.receiver import Receiver, receiving

NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.9", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_these_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_these_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook", "https://127.0.0.1/", "https://[::1]/", "https://localhost/",
        "https://db.internal/", "https://printer.local/", "https://user:word@example.org/",
        "https://example.org/#part", "ftp://example.org/", "https://", "example.org",
        "https://example.org:99999/", "https://[::1", "https://exa mple.org/", "https://ex\u0430mple.org/",
        "https://2130706433/", "https://169.254.169.254/latest", "https://example.org/" + "a" * 500,
    ],
)  # fmt: skip
def test_an_address_that_is_never_sent_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, anywhere=False)
    assert refused.value.faults[0].pointer == "/url"


def test_a_public_name_is_taken() -> None:
    check_url("https://hooks.example.org:8443/of?audit=1", anywhere=False)


def test_a_name_is_looked_up_at_each_connection(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name was public when the webhook was made, and leads inside now."""
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(posting.socket, "getaddrinfo", lambda *_, **__: inside)
    posted = post("https://hooks.example.org/", b"{}", {})
    assert (posted.status, posted.error) == (None, "the address is not in the public network")


def test_one_address_inside_among_public_ones_refuses_all(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("93.184.215.14", "10.0.0.1")
    ]
    monkeypatch.setattr(posting.socket, "getaddrinfo", lambda *_, **__: mixed)
    assert post("https://hooks.example.org/", b"{}", {}).error == (
        "the address is not in the public network"
    )


def test_plain_http_is_not_sent_to(receiver: Receiver) -> None:
    assert post(receiver.url, b"{}", {}).error == "the address is not https"
    assert receiver.messages == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.manner = lambda _: 307
        receiver.extra = {"Location": elsewhere.url}
        posted = post(receiver.url, b"{}", {"webhook-id": "1"}, anywhere=True)
        assert (posted.status, posted.error) == (307, "answered no 2xx")
        assert elsewhere.messages == []


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(receiver.url, b"{}", {}, anywhere=True).status == 200


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_an_answer_that_takes_long_is_cut_off(receiver: Receiver, manner: str) -> None:
    receiver.manner = lambda _: manner
    posted = post(receiver.url, b"{}", {}, anywhere=True, seconds=0.6)
    assert (posted.status, posted.error) == (None, "took longer than 0.6 s")
    assert 500 < posted.ms < 3_000


def test_tls_without_a_valid_certificate_is_refused(receiver: Receiver) -> None:
    url = receiver.url.replace("http:", "https:")
    assert post(url, b"{}", {}, anywhere=True).error == "TLS failed"
    assert receiver.messages == []


def test_nobody_there_is_told_in_few_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    posted = post(f"http://127.0.0.1:{port}/", b"{}", {}, anywhere=True)
    assert posted.error == "the connection was refused"


def test_a_handshake_that_takes_long_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        posted = post(url, b"{}", {}, anywhere=True, seconds=0.6)
    assert posted.error == "took longer than 0.6 s"
    assert posted.ms < 3_000
