"""Fixtures: a client, and a name that no other test uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anchor_events import Client


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "covers(*numbers): the behaviours of bindings/conformance.md that the test covers")


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)
