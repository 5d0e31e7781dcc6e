# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of servers: as people type them, and whether they can only be this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .errors import ProviderError


def normal_url(typed: str, path: str = "") -> str:
    """Return a base URL with what was left out: the scheme, and `path` where there is none.

    Raises ProviderError when there is no host in it, or what may be secret, for an address is shown and kept: a user
    name, a password, a query.
    """
    typed = typed.strip()
    parts = urlsplit(typed if "://" in typed else f"http://{typed}")
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise ProviderError(
            "The base URL is not one.",
            "It looks like http://127.0.0.1:11434/v1, without a password and without ? and what follows it.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or path}"


def without_secrets(typed: str) -> str:
    """Return an address as typed, but for a user name, a password, a query: what may be kept of it."""
    head, slashes, rest = typed.partition("//")
    rest = (rest if slashes else head).partition("?")[0].partition("#")[0]
    host, slash, path = rest.partition("/")
    return (head + slashes if slashes else "") + host.rpartition("@")[2] + slash + path


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be this machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
