# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys: where they are found, and that they show up nowhere else. The stores' tools are stood in for by programs that
take the same commands and keep what they are given in a file."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from restage.agent import keys, keystore, redact
from restage.agent.keystore import Keychain, NoKeyStore, SecretService

KEY = "sk-planted-0123456789abcdef"
STAND_IN = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "commands").open("a") as log:
    print(json.dumps(sys.argv[1:]), file=log)
held_file = here / "held.json"
held = json.loads(held_file.read_text()) if held_file.exists() else {{}}
said = sys.stdin.read()
{body}
held_file.write_text(json.dumps(held))
"""
SECRET_TOOL = """
what, name = sys.argv[1], sys.argv[-1]
if what == "store":
    held[name] = said
elif what == "clear":
    held.pop(name, None)
elif what == "lookup":
    if name not in held:
        sys.exit(1)
    print(held[name], end="")
"""
SECURITY = """
import shlex
words = shlex.split(said) if sys.argv[1] == "-i" else sys.argv[1:]
name = words[words.index("-a") + 1]
if words[0] == "add-generic-password":
    held[name] = words[words.index("-w") + 1]
elif name not in held:
    print("security: SecKeychainSearchCopyNext: The specified item could not be found.", file=sys.stderr)
    sys.exit(44)
elif words[0] == "delete-generic-password":
    del held[name]
else:
    print(held[name])
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are scripts")


def _stand_in(folder, body):
    tool = folder / "tool"
    tool.write_text(STAND_IN.format(python=sys.executable, body=body))
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    return str(tool)


@pytest.fixture(autouse=True)
def _no_keys_of_ours(monkeypatch):
    for variable in keys.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("kind", "body"), [(SecretService, SECRET_TOOL), (Keychain, SECURITY)])
def test_a_key_goes_into_the_store_and_out_again(tmp_path, kind, body):
    store = kind(_stand_in(tmp_path, body))
    assert keys.get("openai", store) is None
    assert keys.where("openai", store) == "nowhere"
    keys.put("openai", f" {KEY}\n", store)
    assert keys.get("openai", store) == KEY
    assert keys.where("openai", store) == "key store"
    assert keys.get("anthropic", store) is None
    keys.put("openai", KEY + "2", store)
    assert keys.get("openai", store) == KEY + "2"
    keys.delete("openai", store)
    keys.delete("openai", store)
    assert keys.get("openai", store) is None
    assert KEY not in (tmp_path / "commands").read_text(), "a command line can be read by others"


def test_the_environment_comes_first(tmp_path, monkeypatch):
    store = SecretService(_stand_in(tmp_path, SECRET_TOOL))
    keys.put("openai", KEY, store)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-from-the-environment ")
    assert keys.get("openai", store) == "sk-from-the-environment"
    assert keys.where("openai", store) == "environment"


@pytest.mark.parametrize(
    "bad", ["", "short", "with space in it", 'with"quote"in-it', "back\\slash-in-it", "line\nbreak-in-it", "ü" * 9]
)
def test_what_cannot_be_a_key_is_not_kept(tmp_path, bad):
    store = SecretService(_stand_in(tmp_path, SECRET_TOOL))
    with pytest.raises(ValueError, match="not a key"):
        keys.put("openai", bad, store)
    assert not (tmp_path / "commands").exists()


@pytest.mark.parametrize("kind", [SecretService, Keychain])
def test_a_store_that_fails_says_so_without_the_key(tmp_path, kind):
    store = kind(_stand_in(tmp_path, 'print("Cannot autolaunch D-Bus", said, file=sys.stderr); sys.exit(1)'))
    for work in (
        lambda: keys.put("openai", KEY, store),
        lambda: keys.get("openai", store),
        lambda: keys.delete("openai", store),
    ):
        with pytest.raises(NoKeyStore, match="environment variable") as failed:
            work()
        assert KEY not in str(failed.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a key store")
def test_a_system_without_a_key_store(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert keys.get("openai") is None
    assert keys.where("openai") == "nowhere"
    with pytest.raises(NoKeyStore, match="libsecret-tools"):
        keys.put("openai", KEY)


def test_a_store_that_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr(keystore, "_SECONDS", 0.2)
    store = SecretService(_stand_in(tmp_path, "import time; time.sleep(30)"))
    with pytest.raises(NoKeyStore, match="did not answer") as failed:
        keys.put("openai", KEY, store)
    assert failed.value.__cause__ is None


def test_providers_without_keys():
    assert keys.get("handoff") is None
    with pytest.raises(ValueError, match="takes no key"):
        keys.put("handoff", KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        "Authorization: Bearer abcdef0123456789",
        "x-api-key: sk-ant-api03-AbCdEf_0123-456789",
        "sk-proj-AbCdEf0123456789_-AbCdEf",
    ],
)
def test_whatever_looks_like_a_key_is_hidden(text):
    hidden = redact.without_keys(text)
    assert redact.REMOVED in hidden
    assert "0123" not in hidden


def test_a_known_key_is_hidden_whatever_it_looks_like():
    assert redact.without_keys("it is hunter2-hunter2!", "hunter2-hunter2", None, "") == f"it is {redact.REMOVED}!"
    assert (
        redact.without_keys("key_light_softbox, sk-blue, the bearer of it")
        == "key_light_softbox, sk-blue, the bearer of it"
    )
    assert redact.without_keys("a task-list of sky-blue objects") == "a task-list of sky-blue objects"
