"""Waits for named events, and signals them, through the Anchor event-coordination API.

    from anchor_events import Client

    with Client() as client:  # the key is in ANCHORBROWSER_API_KEY
        event = client.wait("mfa_code", timeout=60)
        print(event.data)

AsyncClient has the same calls for asyncio.
"""

from importlib.metadata import version as _version

from ._aio import AsyncClient
from ._client import CancelToken, Client
from ._errors import (
    AnchorError,
    BadRequest,
    Cancelled,
    ConnectionLost,
    EventTimeout,
    Forbidden,
    InvalidArgument,
    NotFound,
    NotSent,
    ProtocolError,
    RateLimited,
    ServerError,
    ServiceError,
    Status,
    TLSError,
    Unauthorized,
)
from ._event import Event
from ._library import RETRY_ALWAYS, lib
from ._settings import Options, Settings, Trust

__version__ = _version("anchor-events")

if lib.anchor_version().decode() != __version__:
    raise ImportError(f"anchor-events {__version__} needs libanchor {__version__}, and found {lib.anchor_version().decode()}")

__all__ = [
    "RETRY_ALWAYS",
    "AnchorError",
    "AsyncClient",
    "BadRequest",
    "CancelToken",
    "Cancelled",
    "Client",
    "ConnectionLost",
    "Event",
    "EventTimeout",
    "Forbidden",
    "InvalidArgument",
    "NotFound",
    "NotSent",
    "Options",
    "ProtocolError",
    "RateLimited",
    "ServerError",
    "ServiceError",
    "Settings",
    "Status",
    "TLSError",
    "Trust",
    "Unauthorized",
]
