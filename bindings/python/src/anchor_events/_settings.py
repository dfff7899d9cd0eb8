"""Settings of a client and options of a call, and how they are set in the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from ctypes import byref, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypedDict

from ._arguments import Seconds, count, flag, milliseconds, path, text
from ._errors import Status, error
from ._library import RETRY_ALWAYS, last_error, lib

_LARGEST_SIZE = 2**63 - 1


class Trust(IntEnum):
    """Which certificate authorities are trusted, in addition to those of `ca_file` and `ca_pem`."""

    AUTO = 0
    """The system's; or Mozilla's, which are built in, if the system has none that may be read."""
    SYSTEM = 1
    """Only the system's."""
    BUNDLED = 2
    """Only Mozilla's, which are built in."""


class Settings(TypedDict, total=False):
    """The keyword arguments of a client. What is absent is from the environment, or the default."""

    api_key: str
    """By default from ANCHORBROWSER_API_KEY."""
    base_url: str
    """By default from ANCHORBROWSER_BASE_URL, or the service's. `unix:/path` is a Unix socket."""
    allow_http: bool
    """Whether the key may be sent unencrypted to a host that is not loopback."""
    headers: Mapping[str, str]
    """Added to each request."""
    user_agent: str
    proxy: str
    """`scheme://[user:password@]host[:port]` with http, https, socks5h or socks5; "" for none."""
    connect_to: tuple[str, str]
    """`("host:port", "address:port")`: where to connect to in place of the host of the base URL."""
    ca_file: str | os.PathLike[str]
    ca_pem: str
    trust: Trust
    crl_file: str | os.PathLike[str]
    pinned_public_keys: str
    client_certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]]
    """The PEM files of the certificate and of its key."""
    client_certificate_pem: tuple[str, str]
    """The certificate and its key as PEM."""
    connect_timeout: Seconds
    request_timeout: Seconds
    """How long a signal or a drain may take, if it is not said otherwise."""
    max_response_bytes: int
    slice: Seconds
    """The longest time for which one request of a wait asks the service to hold it."""
    grace: Seconds
    retries: int
    """After how many failures in a row a call gives up; RETRY_ALWAYS sets no limit."""
    rearm: bool
    """Whether a wait continues after a connection broke to which its request had been written."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one call does otherwise than the settings of its client say. What is None is as there."""

    retries: int | None = None
    rearm: bool | None = None
    slice: Seconds | None = None
    headers: Mapping[str, str] | None = None
    request_id: str | None = None


# How the value of each keyword becomes the arguments of its setter, once or several times.
_Arguments = Callable[[str, Any], Iterable[tuple[Any, ...]]]


def _one(check: Callable[[str, Any], Any]) -> _Arguments:
    return lambda what, value: [(check(what, value),)]


def _pair(check: Callable[[str, Any], Any]) -> _Arguments:
    def arguments(what: str, value: Any) -> Iterable[tuple[Any, ...]]:
        if not isinstance(value, tuple) or len(value) != 2:
            raise TypeError(f"{what} must be a tuple of two")
        return [(check(what, value[0]), check(what, value[1]))]

    return arguments


def _headers(what: str, value: Any) -> Iterable[tuple[Any, ...]]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a mapping, not {type(value).__name__}")
    return [(text(what, name), text(what, content)) for name, content in value.items()]


def _retries(what: str, value: Any) -> int:
    return count(what, value, RETRY_ALWAYS)


def _size(what: str, value: Any) -> int:
    return count(what, value, _LARGEST_SIZE)


def _trust(what: str, value: Any) -> int:
    if not isinstance(value, Trust):
        raise TypeError(f"{what} must be a Trust, not {type(value).__name__}")
    return int(value)


# By keyword: the setter without its prefix, and its arguments.
SETTERS: dict[str, tuple[str, _Arguments]] = {
    "api_key": ("set_api_key", _one(text)),
    "base_url": ("set_base_url", _one(text)),
    "allow_http": ("set_allow_http", _one(flag)),
    "headers": ("add_header", _headers),
    "user_agent": ("set_user_agent", _one(text)),
    "proxy": ("set_proxy", _one(text)),
    "connect_to": ("set_connect_to", _pair(text)),
    "ca_file": ("set_ca_file", _one(path)),
    "ca_pem": ("set_ca_pem", _one(text)),
    "trust": ("set_trust", _one(_trust)),
    "crl_file": ("set_crl_file", _one(path)),
    "pinned_public_keys": ("set_pinned_public_keys", _one(text)),
    "client_certificate": ("set_client_certificate", _pair(path)),
    "client_certificate_pem": ("set_client_certificate_pem", _pair(text)),
    "connect_timeout": ("set_connect_timeout_ms", _one(milliseconds)),
    "request_timeout": ("set_request_timeout_ms", _one(milliseconds)),
    "max_response_bytes": ("set_max_response_bytes", _one(_size)),
    "slice": ("set_slice_ms", _one(milliseconds)),
    "grace": ("set_grace_ms", _one(milliseconds)),
    "retries": ("set_retries", _one(_retries)),
    "rearm": ("set_rearm", _one(flag)),
}

OPTIONS: dict[str, tuple[str, _Arguments]] = {
    "retries": ("set_retries", _one(_retries)),
    "rearm": ("set_rearm", _one(flag)),
    "slice": ("set_slice_ms", _one(milliseconds)),
    "headers": ("add_header", _headers),
    "request_id": ("set_request_id", _one(text)),
}


def new_client(settings: Mapping[str, Any]) -> c_void_p:
    """A client of the library, made from the environment and these settings."""
    config, client = lib.anchor_config_new(), c_void_p()
    try:
        for what, value in settings.items():
            if what not in SETTERS:
                raise TypeError(f"{what!r} is not a setting")
            setter, arguments = SETTERS[what]
            _set(f"anchor_config_{setter}", config, arguments(what, value))
        _check(lib.anchor_client_new(config, byref(client)))
        return client
    finally:
        lib.anchor_config_free(config)


@contextmanager
def c_options(options: Options | None) -> Iterator[int | None]:
    """The options as the library takes them, for the length of a call."""
    if options is None:
        yield None
        return
    if not isinstance(options, Options):
        raise TypeError(f"options must be Options, not {type(options).__name__}")
    handle = lib.anchor_options_new()
    try:
        for what, (setter, arguments) in OPTIONS.items():
            value = getattr(options, what)
            if value is not None:
                _set(f"anchor_options_{setter}", handle, arguments(what, value))
        yield handle
    finally:
        lib.anchor_options_free(handle)


def _set(setter: str, handle: int, calls: Iterable[tuple[Any, ...]]) -> None:
    for arguments in calls:
        _check(getattr(lib, setter)(handle, *arguments))


def _check(status: int) -> None:
    if status != Status.OK:
        raise error(status, {"message": last_error()})
