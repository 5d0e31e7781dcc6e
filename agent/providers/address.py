# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of servers: as people type them, and whether they can only be this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .errors import ProviderError


def normal_url(typed: str, path: str = "") -> str:
    """Return a base URL with what was left out: the scheme, and `path` where there is none.

    Raises ProviderError when there is no host in it, or a user name or password, which would be shown.
    """
    typed = typed.strip()
    parts = urlsplit(typed if "://" in typed else f"http://{typed}")
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password:
        raise ProviderError("The base URL is not one.", "It looks like http://127.0.0.1:11434/v1, without a password.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or path}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be this machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
