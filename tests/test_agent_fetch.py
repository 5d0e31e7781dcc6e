# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture from the web: size-limited, only where online access is allowed, with a sentence for what goes wrong."""

from __future__ import annotations

import threading

import pytest
from restage.agent import fetch
from webserver import Web


@pytest.fixture
def web(table_picture):
    data = table_picture.read_bytes()
    mib = b"x" * (1 << 20)
    pages = {
        "/a%20table.png": (200, {"Content-Type": "image/png", "Content-Length": str(len(data))}, [data]),
        "/picture": (200, {"Content-Type": "image/png; charset=x"}, [data]),
        "/page.png": (200, {"Content-Type": "text/html"}, [b"<html>no</html>"]),
        "/gone.png": (404, {}, []),
        "/huge.png": (200, {"Content-Length": str(1 << 40)}, [mib]),
        "/endless.png": (200, {}, [mib] * 100),
        "/cut.png": (200, {"Content-Length": str(len(data))}, [data[: len(data) // 2]]),
        "/slow.png": (200, {}, [data[:100], 0.3] * 50),
        "/away": (302, {"Location": "/a%20table.png"}, []),
        "/round": (302, {"Location": "/round"}, []),
    }
    with Web(pages) as made:
        yield made


def test_a_picture_is_fetched_under_a_name_of_its_own(web, tmp_path, table_picture):
    made = fetch.fetch(f"{web.url}/a%20table.png", tmp_path / "pictures", threading.Event())
    assert made.read_bytes() == table_picture.read_bytes()
    assert made.name.startswith("a_table-") and made.suffix == ".png"
    assert fetch.fetch(f"{web.url}/picture?x=../../y", tmp_path, threading.Event()).name.startswith("picture-")
    assert fetch.fetch(f"{web.url}/away", tmp_path, threading.Event()).exists()


@pytest.mark.parametrize(
    "path, sentence",
    [
        ("/page.png", "can't be used: .* is text"),
        ("/gone.png", "answered 404"),
        ("/huge.png", "the limit is 64 MB"),
        ("/endless.png", "larger than 64 MB"),
        ("/round", "from one address to the next"),
        ("/cut.png", "."),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(web, tmp_path, path, sentence):
    with pytest.raises(fetch.FetchError, match=sentence) as caught:
        fetch.fetch(f"{web.url}{path}", tmp_path / "made", threading.Event())
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists() or not list((tmp_path / "made").iterdir())


def test_a_server_that_is_not_there(tmp_path):
    with pytest.raises(fetch.FetchError, match="could not be reached"):
        fetch.fetch("http://127.0.0.1:9/x.png", tmp_path, threading.Event())


def test_it_can_be_stopped(web, tmp_path):
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(fetch.FetchError, match="stopped"):
        fetch.fetch(f"{web.url}/slow.png", tmp_path, cancel)


def test_offline_only_this_machine_is_asked_and_no_redirect_is_followed(web, tmp_path):
    fetch.check("http://localhost:1/x.png", online=False)
    with pytest.raises(fetch.FetchError, match="Allow Online Access is off"):
        fetch.check("https://example.org/x.png", online=False)
    with pytest.raises(fetch.FetchError, match="answered 302"):
        fetch.fetch(f"{web.url}/away", tmp_path, threading.Event(), online=False)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/y.png", "https://", "picture.png", "http://[x"])
def test_what_is_no_web_address(url):
    with pytest.raises(fetch.FetchError, match="is no web address"):
        fetch.check(url, online=True)
