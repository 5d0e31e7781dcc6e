# SPDX-License-Identifier: GPL-3.0-or-later
"""The system's key store through the system's own tools: `secret-tool` (Linux), `security` (macOS), the credential
manager (Windows). A key never stands in a command line, where other users' `ps` could read it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Protocol

SERVICE = "restage"
_SECONDS = 120.0
"""Long enough for the artist to type a password into the store's own dialog."""
_ADVICE = "Set the environment variable of the provider instead (OPENAI_API_KEY or ANTHROPIC_API_KEY)."


class NoKeyStore(Exception):
    """The key store cannot be used; `str()` is a sentence for the artist, without any key."""

    def __init__(self, why: str, absent: bool = False) -> None:
        """`absent`: this system has none at all."""
        self.absent = absent
        super().__init__(f"{why} {_ADVICE}")


class Store(Protocol):
    """Keys by provider."""

    def get(self, provider: str) -> str | None:
        """Return the key, None when there is none. Raises NoKeyStore."""
        ...

    def put(self, provider: str, key: str) -> None:
        """Keep a key, replacing an earlier one. Raises NoKeyStore."""
        ...

    def delete(self, provider: str) -> None:
        """Forget a key. Raises NoKeyStore."""
        ...


def system_store() -> Store:
    """Return this system's key store. Raises NoKeyStore when there is none."""
    if sys.platform == "win32":
        from .keystore_windows import CredentialManager

        return CredentialManager()
    if sys.platform == "darwin":
        return Keychain(_tool("security"))
    return SecretService(_tool("secret-tool"))


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        more = " (package libsecret-tools)" if name == "secret-tool" else ""
        raise NoKeyStore(f"This system has no key store Restage can use: {name}{more} is missing.", absent=True)
    return found


def _run(command: list[str], told: str | None = None) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command, input=told or "", capture_output=True, text=True, timeout=_SECONDS, errors="replace"
        )
    except subprocess.TimeoutExpired:
        # Not chained: the exception holds what was written to the tool.
        raise NoKeyStore("The system's key store did not answer.") from None
    except OSError as error:
        raise NoKeyStore(f"The system's key store could not be started: {error.strerror}.") from None
    return done.returncode, done.stdout, done.stderr


class SecretService:
    """GNOME Keyring, KWallet and whatever else speaks the Secret Service, through `secret-tool`."""

    def __init__(self, tool: str) -> None:
        """`tool` is the program's path."""
        self.tool = tool

    def get(self, provider: str) -> str | None:
        """As Store."""
        code, out, err = _run([self.tool, "lookup", "service", SERVICE, "provider", provider])
        if code and err.strip():
            raise NoKeyStore(f"The system's key store cannot be read: {_first_line(err)}.")
        return out.strip() or None

    def put(self, provider: str, key: str) -> None:
        """As Store; the key goes through standard input."""
        label = f"--label=Restage: {provider}"
        code, _out, err = _run([self.tool, "store", label, "service", SERVICE, "provider", provider], key)
        if code:
            raise NoKeyStore(f"The system's key store did not take the key: {_first_line(err.replace(key, ''))}.")

    def delete(self, provider: str) -> None:
        """As Store."""
        code, _out, err = _run([self.tool, "clear", "service", SERVICE, "provider", provider])
        if code and err.strip():
            raise NoKeyStore(f"The system's key store did not delete the key: {_first_line(err)}.")


class Keychain:
    """The login keychain of macOS, through `security`."""

    _NOT_FOUND = 44
    """errSecItemNotFound as `security` exits with it."""

    def __init__(self, tool: str) -> None:
        """`tool` is the program's path."""
        self.tool = tool

    def get(self, provider: str) -> str | None:
        """As Store."""
        code, out, err = _run([self.tool, "find-generic-password", "-a", provider, "-s", SERVICE, "-w"])
        if code and code != self._NOT_FOUND:
            raise NoKeyStore(f"The keychain cannot be read: {_first_line(err)}.")
        return out.strip() or None

    def put(self, provider: str, key: str) -> None:
        """As Store; the key goes through standard input, as a command of `security -i`."""
        command = f'add-generic-password -U -a {provider} -s {SERVICE} -w "{key}"\n'
        code, _out, err = _run([self.tool, "-i"], command)
        # `security -i` exits with 0 whatever its commands did.
        if code or self.get(provider) != key:
            raise NoKeyStore(f"The keychain did not take the key: {_first_line(err.replace(key, ''))}.")

    def delete(self, provider: str) -> None:
        """As Store."""
        code, _out, err = _run([self.tool, "delete-generic-password", "-a", provider, "-s", SERVICE])
        if code and code != self._NOT_FOUND:
            raise NoKeyStore(f"The keychain did not delete the key: {_first_line(err)}.")


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0].rstrip(".")[:200] if lines else "it did not say why"
