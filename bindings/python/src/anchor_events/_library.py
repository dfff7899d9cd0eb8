"""The shared library: where it is, and the functions of anchor.h that this package calls."""

from __future__ import annotations

import ctypes
import sys
from ctypes import CDLL, POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

NO_TIMEOUT = -1
REQUEST_TIMEOUT = -2
RETRY_ALWAYS = 4294967295

_NAMES = {"win32": ("anchor.dll", "anchor.dll"), "darwin": ("libanchor.dylib", "libanchor.0.dylib")}
_OUT = POINTER(c_void_p)
_TEXT = (c_int32, c_void_p, c_char_p)
_PAIR = (c_int32, c_void_p, c_char_p, c_char_p)
_FLAG = (c_int32, c_void_p, c_int)
_TIME = (c_int32, c_void_p, c_int64)

# By function: what it returns, then what it takes. A string that has to be freed is a void *: ctypes would make bytes of a
# char * and lose the pointer.
PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "anchor_last_error": (c_char_p,),
    "anchor_version": (c_char_p,),
    "anchor_string_free": (None, c_void_p),
    "anchor_status_name": (c_char_p, c_int32),
    "anchor_status_message": (c_char_p, c_int32),
    "anchor_config_new": (c_void_p,),
    "anchor_config_free": (None, c_void_p),
    "anchor_config_error": (c_char_p, c_void_p),
    "anchor_config_set_api_key": _TEXT,
    "anchor_config_set_base_url": _TEXT,
    "anchor_config_set_allow_http": _FLAG,
    "anchor_config_add_header": _PAIR,
    "anchor_config_set_user_agent": _TEXT,
    "anchor_config_set_proxy": _TEXT,
    "anchor_config_set_connect_to": _PAIR,
    "anchor_config_set_connect_timeout_ms": _TIME,
    "anchor_config_set_request_timeout_ms": _TIME,
    "anchor_config_set_max_response_bytes": (c_int32, c_void_p, c_size_t),
    "anchor_config_set_slice_ms": _TIME,
    "anchor_config_set_grace_ms": _TIME,
    "anchor_config_set_retries": (c_int32, c_void_p, c_uint32),
    "anchor_config_set_rearm": _FLAG,
    "anchor_config_set_ca_file": _TEXT,
    "anchor_config_set_ca_pem": _TEXT,
    "anchor_config_set_trust": (c_int32, c_void_p, c_int32),
    "anchor_config_set_client_certificate": _PAIR,
    "anchor_config_set_client_certificate_pem": _PAIR,
    "anchor_config_set_crl_file": _TEXT,
    "anchor_config_set_pinned_public_keys": _TEXT,
    "anchor_client_new": (c_int32, c_void_p, _OUT),
    "anchor_client_free": (None, c_void_p),
    "anchor_client_set_api_key": _TEXT,
    "anchor_client_cancel_all": (None, c_void_p),
    "anchor_client_stats": (c_int32, c_void_p, _OUT),
    "anchor_signal_event_with": (c_int32, c_void_p, c_char_p, c_char_p, c_int64, c_void_p, c_void_p, _OUT),
    "anchor_drain_event_with": (c_int32, c_void_p, c_char_p, c_int64, c_void_p, c_void_p, POINTER(c_uint32)),
    "anchor_options_new": (c_void_p,),
    "anchor_options_free": (None, c_void_p),
    "anchor_options_set_retries": (c_int32, c_void_p, c_uint32),
    "anchor_options_set_rearm": _FLAG,
    "anchor_options_set_slice_ms": _TIME,
    "anchor_options_add_header": _PAIR,
    "anchor_options_set_request_id": _TEXT,
    "anchor_cancel_token_new": (c_void_p,),
    "anchor_cancel_token_cancel": (None, c_void_p),
    "anchor_cancel_token_free": (None, c_void_p),
    "anchor_wait_cancel": (None, c_void_p),
    "anchor_wait_free": (None, c_void_p),
    "anchor_queue_new": (c_int32, _OUT),
    "anchor_queue_fd": (c_int, c_void_p),
    "anchor_queue_next": (c_int32, c_void_p, c_int64, c_void_p, _OUT),
    "anchor_queue_running": (c_size_t, c_void_p),
    "anchor_queue_cancel_all": (None, c_void_p),
    "anchor_queue_free": (None, c_void_p),
    "anchor_wait_start_on": (c_int32, c_void_p, c_void_p, c_char_p, c_int64, c_uint64, c_void_p, _OUT),
    "anchor_completion_tag": (c_uint64, c_void_p),
    "anchor_completion_status": (c_int32, c_void_p),
    "anchor_completion_json": (c_char_p, c_void_p),
    "anchor_completion_free": (None, c_void_p),
}


def _load() -> CDLL:
    """The library of the wheel, or else that of the system."""
    bundled, of_the_system = _NAMES.get(sys.platform, ("libanchor.so", "libanchor.so.0"))
    beside = Path(__file__).with_name(bundled)
    library = CDLL(str(beside) if beside.exists() else of_the_system)
    for name, (result, *arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


lib = _load()


def last_error() -> str:
    """Why the last call of this thread failed."""
    return (lib.anchor_last_error() or b"").decode()


def take_text(out: c_void_p) -> str:
    """Copies a string that the library gave, and frees it."""
    try:
        return ctypes.string_at(out.value).decode() if out.value else ""
    finally:
        lib.anchor_string_free(out)
