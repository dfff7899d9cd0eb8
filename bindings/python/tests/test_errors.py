"""Errors, settings, and the ways to the service."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import time
from ctypes import POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import pytest

import anchor_events
from anchor_events import (
    AnchorError,
    BadRequest,
    Client,
    ConnectionLost,
    Forbidden,
    InvalidArgument,
    NotFound,
    NotSent,
    Options,
    RateLimited,
    ServerError,
    ServiceError,
    Status,
    TLSError,
    Trust,
    Unauthorized,
    _library,
    _settings,
)

from server import covers

INCLUDE = Path(__file__).parents[3] / "include"


@covers("C20")
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, ServiceError),
        (413, BadRequest),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (504, ServerError),
    ],
)
def test_each_http_status_is_an_error(client: Client, code: int, kind: type[AnchorError]) -> None:
    once = Options(retries=0)
    for call in (client.wait, client.signal):
        with pytest.raises(ServiceError) as failure:
            call(f"status_{code}", options=once)
        assert type(failure.value) is kind
        assert failure.value.code == code
        assert failure.value.phase == "receive"
        assert isinstance(failure.value.status, Status)
        again = pickle.loads(pickle.dumps(failure.value))
        assert (type(again), again.code, str(again)) == (kind, code, str(failure.value))


@covers("C21")
def test_an_answer_that_was_not_read(client: Client) -> None:
    client.signal("dropped")
    with pytest.raises(ConnectionError) as failure:
        client.signal("drop", {"secret": "of the event"})
    assert isinstance(failure.value, ConnectionLost)
    assert failure.value.maybe_consumed
    assert failure.value.phase in ("wait", "receive")


@covers("C22")
def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANCHORBROWSER_API_KEY")
    with pytest.raises(InvalidArgument, match="ANCHORBROWSER_API_KEY"):
        Client()


@covers("C23", "C25")
def test_a_wrong_key_is_refused(name: str) -> None:
    with Client(api_key="a-wrong-key-of-this-test") as client, pytest.raises(Unauthorized) as failure:
        client.signal(name, {"secret": "data-of-this-test"})
    shown = f"{failure.value} {failure.value!r} {failure.value.details} {client!r}"
    assert "wrong-key" not in shown
    assert "data-of-this-test" not in shown


@covers("C25")
def test_an_event_does_not_show_its_data(client: Client, name: str) -> None:
    client.signal(name, {"secret": "data-of-this-test"})
    assert "data-of-this-test" not in repr(client.wait(name, 0))


@covers("C24")
def test_an_outage_ends_at_the_timeout(name: str) -> None:
    with Client(base_url=os.environ["ANCHOR_TEST_NOWHERE"]) as client:
        began = time.monotonic()
        with pytest.raises(TimeoutError) as failure:
            client.wait(name, 0.5)
        assert time.monotonic() - began >= 0.5
        assert isinstance(failure.value, NotSent)
        assert failure.value.status == Status.NOT_SENT
        assert not failure.value.maybe_consumed
        assert type(pickle.loads(pickle.dumps(failure.value))) is type(failure.value)


@covers("C33")
def test_tls() -> None:
    url, ca_file = os.environ["ANCHOR_TEST_TLS_URL"], Path(os.environ["ANCHOR_TEST_TLS_CA"])
    for trusted in (Client(base_url=url, ca_file=ca_file), Client(base_url=url, ca_pem=ca_file.read_text())):
        with trusted as client:
            client.signal("tls", {"over": "tls"})
            assert client.wait("tls", 0).data == {"over": "tls"}
    with Client(base_url=url, trust=Trust.BUNDLED) as client, pytest.raises(TLSError) as failure:
        client.wait("tls")
    assert failure.value.phase == "tls"


@covers("C34")
def test_a_proxy() -> None:
    log, url = Path(os.environ["ANCHOR_TEST_PROXY_LOG"]), os.environ["ANCHOR_TEST_TLS_URL"]
    tunnels = len(log.read_text().splitlines())
    with Client(base_url=url, ca_file=os.environ["ANCHOR_TEST_TLS_CA"], proxy=os.environ["ANCHOR_TEST_PROXY"]) as client:
        client.signal("proxy")
        assert client.wait("proxy", 0).data == {}
    assert len(log.read_text().splitlines()) > tunnels


@covers("C35", "C36")
def test_keys_are_accounts(client: Client, name: str) -> None:
    client.signal(name, {"of": "the first"})
    with Client(api_key=os.environ["ANCHOR_TEST_KEY_2"]) as other:
        with pytest.raises(TimeoutError):
            other.wait(name, 0)
        other.set_api_key(os.environ["ANCHORBROWSER_API_KEY"])
        assert other.wait(name, 0).data == {"of": "the first"}
        with pytest.raises(InvalidArgument, match="api_key"):
            other.set_api_key("")


@covers("C37")
def test_statistics(client: Client, name: str) -> None:
    client.signal(name)
    client.wait(name, 0)
    assert (client.stats()["signals"], client.stats()["waits"]) == (1, 1)


@covers("C26")
@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("api_key", None),
        ("allow_http", 1),
        ("headers", [("a", "b")]),
        ("connect_to", "host:1"),
        ("ca_file", 1),
        ("trust", 1),
        ("retries", "3"),
        ("retries", True),
        ("client_certificate", ("only one",)),
        ("unknown", 1),
    ],
)
def test_a_setting_of_another_type_is_refused(setting: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=setting):
        Client(**{setting: wrong})


@covers("C27")
@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("api_key", ""),
        ("base_url", "ftp://x"),
        ("retries", -1),
        ("slice", 0),
        ("max_response_bytes", 0),
        ("proxy", "socks4://x"),
    ],
)
def test_a_setting_out_of_range_is_refused(setting: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=setting):
        Client(**{setting: wrong})


@covers("C27", "C31")
@pytest.mark.parametrize(
    ("setting", "wrong", "name"),
    [
        ("allow_http", False, "allow_http"),
        ("headers", {"content-length": "1"}, "header"),
        ("user_agent", "\n", "user_agent"),
        ("connect_to", ("no port", "x:1"), "host"),
        ("connect_timeout", 0, "connect_timeout_ms"),
        ("request_timeout", 1e6, "request_timeout_ms"),
        ("grace", 1e6, "grace_ms"),
        ("ca_file", "/nowhere", "ca_file"),
        ("ca_pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "ca_pem"),
        ("crl_file", "/nowhere", "crl_file"),
        ("pinned_public_keys", "x", "pins"),
        ("client_certificate", ("/nowhere", "/nowhere"), "certificate_file"),
        ("client_certificate_pem", ("x", "y"), "certificate_pem"),
    ],
)
def test_each_setting_reaches_the_library(setting: str, wrong: Any, name: str) -> None:
    settings: dict[str, Any] = {"base_url": "http://192.0.2.1"} if setting == "allow_http" else {}
    with pytest.raises(InvalidArgument, match=name):
        Client(**settings, **{setting: wrong})


@covers("C31")
def test_every_setting_is_there() -> None:
    for handle, setters in (("config", _settings.SETTERS), ("options", _settings.OPTIONS)):
        declared = set(re.findall(rf"anchor_{handle}_((?:set|add)_\w+)\(", (INCLUDE / "anchor.cdef").read_text()))
        # No call is interrupted by the library, since Python's handlers run while it waits. Lines of the log are not passed on.
        declared -= {"set_interruptible", "set_log_callback", "set_log_json"}
        assert {setter for setter, _ in setters.values()} == declared
    assert set(_settings.SETTERS) == set(_settings.Settings.__annotations__)


@covers("C38")
def test_the_package_is_of_the_version_of_its_library() -> None:
    assert _library.lib.anchor_version().decode() == anchor_events.__version__
    program = "import importlib.metadata\nimportlib.metadata.version = lambda name: '9.9.9'\nimport anchor_events"
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ImportError: anchor-events 9.9.9 needs libanchor 9.9.9, and found" in outcome.stderr


@covers("C31")
def test_declarations_are_those_of_the_header() -> None:
    functions = re.findall(r"^(.*?)\b(anchor_\w+)\((.*)\);$", (INCLUDE / "anchor.cdef").read_text(), re.M)
    declared = {name: (result, arguments) for result, name, arguments in functions}
    for name, (result, *arguments) in _library.PROTOTYPES.items():
        c_result, c_arguments = declared[name]
        assert result is _ctype(c_result, is_result=True), name
        assert arguments == [_ctype(it) for it in c_arguments.split(", ") if it != "void"], name


def _ctype(declaration: str, is_result: bool = False) -> Any:
    """What ctypes calls a type of the header. A string that the caller frees is a pointer."""
    if "*" not in declaration:
        kinds = {
            "void": None,
            "int": c_int,
            "int32_t": c_int32,
            "anchor_status": c_int32,
            "int64_t": c_int64,
            "uint32_t": c_uint32,
            "uint64_t": c_uint64,
            "size_t": c_size_t,
        }
        return kinds[declaration.split()[0]]
    if "char *" in declaration and declaration.startswith("const") and "**" not in declaration:
        return c_char_p
    if "uint32_t" in declaration:
        return POINTER(c_uint32)
    return POINTER(c_void_p) if "**" in declaration and not is_result else c_void_p
