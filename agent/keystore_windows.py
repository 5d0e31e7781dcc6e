# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential manager of Windows, through its C interface (wincred.h): generic credentials of this user."""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, Structure, byref, c_char, c_uint32, c_void_p, c_wchar_p
from typing import Any

from .keystore import SERVICE, NoKeyStore

_GENERIC = 1
_LOCAL_MACHINE = 2
_NOT_FOUND = 1168


class _FileTime(Structure):
    _fields_ = [("low", c_uint32), ("high", c_uint32)]


class _Credential(Structure):
    """CREDENTIALW."""

    _fields_ = [
        ("flags", c_uint32),
        ("type", c_uint32),
        ("target_name", c_wchar_p),
        ("comment", c_wchar_p),
        ("last_written", _FileTime),
        ("blob_size", c_uint32),
        ("blob", POINTER(c_char)),
        ("persist", c_uint32),
        ("attribute_count", c_uint32),
        ("attributes", c_void_p),
        ("target_alias", c_wchar_p),
        ("user_name", c_wchar_p),
    ]


class CredentialManager:
    """Keys as generic credentials named `restage:PROVIDER`."""

    def __init__(self) -> None:
        """Raises NoKeyStore anywhere but on Windows."""
        self._api: Any = None
        if sys.platform == "win32":
            self._api = ctypes.WinDLL("advapi32", use_last_error=True)
        if self._api is None:
            raise NoKeyStore("The credential manager is part of Windows only.", absent=True)
        self._api.CredReadW.argtypes = [c_wchar_p, c_uint32, c_uint32, POINTER(POINTER(_Credential))]
        self._api.CredWriteW.argtypes = [POINTER(_Credential), c_uint32]
        self._api.CredDeleteW.argtypes = [c_wchar_p, c_uint32, c_uint32]
        self._api.CredFree.argtypes = [c_void_p]

    def get(self, provider: str) -> str | None:
        """As Store."""
        found = POINTER(_Credential)()
        if not self._api.CredReadW(_target(provider), _GENERIC, 0, byref(found)):
            self._check("read", absent_is_fine=True)
            return None
        try:
            held = found.contents
            return ctypes.string_at(held.blob, held.blob_size).decode("utf-16-le") or None
        finally:
            self._api.CredFree(found)

    def put(self, provider: str, key: str) -> None:
        """As Store."""
        data = key.encode("utf-16-le")
        blob = (c_char * len(data)).from_buffer_copy(data)
        credential = _Credential(
            type=_GENERIC,
            target_name=_target(provider),
            blob_size=len(data),
            blob=ctypes.cast(blob, POINTER(c_char)),
            persist=_LOCAL_MACHINE,
            user_name=provider,
        )
        if not self._api.CredWriteW(byref(credential), 0):
            self._check("take the key")

    def delete(self, provider: str) -> None:
        """As Store."""
        if not self._api.CredDeleteW(_target(provider), _GENERIC, 0):
            self._check("delete the key", absent_is_fine=True)

    def _check(self, doing: str, absent_is_fine: bool = False) -> None:
        """Raise NoKeyStore for the last error, unless it is that there is no such credential."""
        code = 0
        if sys.platform == "win32":
            code = ctypes.get_last_error()
        if not (absent_is_fine and code == _NOT_FOUND):
            raise NoKeyStore(f"Windows' credential manager did not {doing} (error {code}).")


def _target(provider: str) -> str:
    return f"{SERVICE}:{provider}"
