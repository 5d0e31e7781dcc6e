# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's operators around models: keys, requests by hand, the brief reviewed, caps raised, estimates confirmed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest
from answering import Answerer

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from loopback import Behaviour, Loopback  # noqa: E402
from restage import preferences, properties, registration  # noqa: E402
from restage.agent import brief_text, keys  # noqa: E402
from restage.agent.brief import Brief, BriefObject  # noqa: E402
from restage.operators import background, by_hand, launch, run_thread  # noqa: E402
from restage.panels import wrapped  # noqa: E402
from restage.scene import sandbox, scripts  # noqa: E402
from webserver import Web  # noqa: E402

pytestmark = pytest.mark.bpy
linux = pytest.mark.skipif(sys.platform != "linux", reason="the other systems' stores are not commands to be replaced")


@pytest.fixture
def registered(tmp_path, monkeypatch):
    for variable in keys.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    yield bpy.context.scene.restage
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


def live():
    return bpy.context.window_manager.restage


def tick_until(done, seconds=120.0):
    """What the timer does, until `done()`; the time is there to end a hanging test, not to measure."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, (live().status, live().message, live().doing)
        thread = run_thread._current
        if thread is not None:
            thread.bridge.drain()
            thread.show.tick()
        time.sleep(0.01)


def task_done(name):
    tick = time.monotonic() + 60
    while getattr(live(), name).busy:
        assert time.monotonic() < tick
        background.find(name).bridge.drain()
        time.sleep(0.01)
    return getattr(live(), name)


def answer_until_it_stops():
    """Paste a reply to every request until the run stops by itself."""
    model = Answerer(Path("nowhere"))
    while True:
        tick_until(lambda: live().request or live().status not in properties.BUSY)
        if live().status not in properties.BUSY:
            return live().status
        turn = Path(live().request).name.partition("_")[2]
        assert bpy.ops.restage.paste_reply(text=model.answer(turn)) == {"FINISHED"}
        assert live().request == ""


def choose_by_hand(chosen, picture):
    chosen.picture, chosen.agent = str(picture), "handoff"
    chosen.resolution, chosen.samples, chosen.solve, chosen.mode = 96, 2, False, "AUTO"


def test_a_run_by_hand_with_its_brief_mended_and_its_cap_raised(registered, table_picture):
    chosen = registered
    choose_by_hand(chosen, table_picture)
    chosen.review, chosen.max_tokens = True, 11000
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    tick_until(lambda: live().request)
    assert live().request_title == "What is in the picture?"
    assert live().request_pictures >= 1
    with pytest.raises(RuntimeError, match="copy the model's whole reply"):
        bpy.ops.restage.paste_reply(text=" \n")
    assert answer_until_it_stops() == "PAUSED"
    assert not bpy.ops.restage.copy_prompt.poll()
    assert live().tokens > 0

    folder, run = Path(chosen.folder), chosen.run
    before = (folder / "brief.json").read_text()
    text = bpy.data.texts[scripts.names(run)["brief.json"]]
    good = text.as_string()
    text.from_string(good.replace('"box": [', '"box": [[', 1))
    with pytest.raises(RuntimeError, match=r"not valid JSON: line \d+"):
        bpy.ops.restage.go_on()
    text.from_string(good.replace('"count": 1', '"count": 0', 1))
    with pytest.raises(RuntimeError, match=r"objects number 1 \(Box\), count"):
        bpy.ops.restage.go_on()
    assert "objects number 1 (Box), count" in live().error
    assert (folder / "brief.json").read_text() == before, "a wrong brief changes nothing"
    assert '"count": 0' in text.as_string(), "and the text stays"
    text.from_string(good.replace("A red box and a blue ball", "Mended by hand"))
    assert bpy.ops.restage.go_on() == {"FINISHED"}
    assert answer_until_it_stops() == "CAPPED"
    assert json.loads((folder / "brief.json").read_text())["caption"] == "Mended by hand"
    assert "11,000 tokens" in live().message
    assert sandbox.find(run) is not None, "the best so far is shown"

    with pytest.raises(RuntimeError, match="are used already"):
        bpy.ops.restage.go_on()
    assert bpy.ops.restage.go_on(max_tokens=0) == {"FINISHED"}
    assert not bpy.ops.restage.go_on.poll()
    tick_until(lambda: live().request)
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "running" and record["settings"]["max_tokens"] is None
    assert chosen.run == run
    assert "setup" in live().request_title or "geometry" in live().request_title


def test_a_cancelled_run_goes_on_after_blender_was_restarted(registered, table_picture, tmp_path):
    choose_by_hand(registered, table_picture)
    bpy.ops.restage.reconstruct()
    tick_until(lambda: live().request)
    bpy.ops.restage.cancel()
    tick_until(lambda: live().status == "CANCELLED")
    assert live().request == ""
    path = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    live().status, live().message = "NONE", ""
    assert properties.status_of(bpy.context) == "CANCELLED"
    assert bpy.ops.restage.go_on() == {"FINISHED"}
    tick_until(lambda: live().request)
    assert live().request_title == "What is in the picture?"


def test_one_shot_by_hand_and_its_recording_played_again(registered, table_picture):
    from scripted import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, SETUP

    choose_by_hand(registered, table_picture)
    registered.one_shot = registered.review = True
    bpy.ops.restage.reconstruct()
    tick_until(lambda: live().request)
    assert live().request_title == "Write the script: program, round 1"
    whole = "\n".join([SETUP, GEOMETRY, MATERIALS, COMPOSITION, LIGHTING])
    bpy.ops.restage.paste_reply(text=f"```python\n{whole}\n```")
    tick_until(lambda: live().status not in properties.BUSY)
    assert live().status == "DONE", live().message
    assert not bpy.ops.restage.go_on.poll()
    assert {"Box", "Ball"} <= {item.name for item in bpy.data.objects}
    recorded = registered.folder
    registered.agent = "replay"
    assert not bpy.ops.restage.reconstruct.poll()
    registered.recording = recorded
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    tick_until(lambda: live().status not in properties.BUSY)
    assert live().status == "DONE", live().message
    assert registered.folder != recorded
    scripts_made = [(Path(folder) / "scene.py").read_bytes() for folder in (recorded, registered.folder)]
    assert scripts_made[0] == scripts_made[1]


@pytest.fixture
def online():
    """Blender may go online; where it was started offline, that is all that can be said."""
    bpy.context.preferences.system.use_online_access = True
    if not bpy.app.online_access:
        pytest.skip("this Blender was started offline")


def without_keys(monkeypatch, folder, store=False):
    """No key in the environment, and no key store; or with `store` one that holds nothing."""
    if store:
        (folder / "secret-tool").write_text("#!/bin/sh\nexit 1\n")
        (folder / "secret-tool").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@linux
def test_a_key_that_is_surely_missing_is_said_before_anything_is_asked_or_made(
    registered, table_picture, monkeypatch, tmp_path, online
):
    without_keys(monkeypatch, tmp_path)
    registered.picture, registered.agent = str(table_picture), "openai"
    for sends in (False, True):
        with pytest.raises(RuntimeError, match="OPENAI_API_KEY"):
            bpy.ops.restage.reconstruct(send=sends)
        assert "OPENAI_API_KEY" in live().error
    assert not (tmp_path / "runs").exists() and run_thread.current() is None
    registered.agent, registered.verifier = "handoff", "openai"
    with pytest.raises(RuntimeError, match="OPENAI_API_KEY"):
        bpy.ops.restage.reconstruct(send=True)


@linux
def test_a_key_store_is_not_waited_for_before_the_estimate(registered, monkeypatch, tmp_path):
    registered.agent = "openai"
    without_keys(monkeypatch, tmp_path, store=True)

    def asked():
        return launch.leaving(launch.settings(registered, preferences.read(bpy.context)), tmp_path, True)

    assert "is asked" in asked()[0], "the store may hold one"
    live().openai.key = "none"
    with pytest.raises(launch.LaunchError, match="OPENAI_API_KEY"):
        asked()
    live().openai.key = "store"
    assert asked()
    live().openai.key = "none"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    assert asked()


@linux
def test_a_run_whose_key_the_store_has_not_stops_with_what_to_do_and_can_go_on(
    registered, table_picture, monkeypatch, tmp_path, online
):
    without_keys(monkeypatch, tmp_path, store=True)
    registered.picture, registered.agent = str(table_picture), "openai"
    assert bpy.ops.restage.reconstruct(send=True) == {"FINISHED"}
    tick_until(lambda: live().status not in properties.BUSY)
    assert live().status == "FAILED" and "OPENAI_API_KEY" in live().message, live().message
    assert bpy.ops.restage.go_on.poll()


@linux
def test_repeat_last_does_not_send_again(registered, table_picture, monkeypatch, tmp_path, online):
    without_keys(monkeypatch, tmp_path, store=True)
    registered.picture, registered.agent = str(table_picture), "openai"
    bpy.ops.restage.reconstruct("EXEC_DEFAULT", True, send=True, unconfined=True)
    tick_until(lambda: live().status not in properties.BUSY)
    last = bpy.context.window_manager.operators[-1]
    assert last.bl_idname == "RESTAGE_OT_reconstruct"
    assert not last.properties.send and not last.properties.unconfined
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, area=window.screen.areas[0]), suppress(RuntimeError):
        bpy.ops.screen.repeat_last()
    assert "has to be confirmed" in live().error and run_thread.current() is None
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_what_was_going_on_when_restage_was_switched_off_is_not_waited_for(registered, tmp_path):
    addon = bpy.context.preferences.addons["restage"].preferences
    slow = {"/slow.png": (200, {"Content-Type": "image/png"}, [b"\x89PNG", *[9.0, b"more"] * 8])}
    with Loopback([Behaviour(silent=True)]) as server, Web(slow) as web:
        addon.base_url = server.url
        assert bpy.ops.restage.list_models(provider="compatible") == {"FINISHED"}
        assert bpy.ops.restage.fetch_picture(url=f"{web.url}/slow.png") == {"FINISHED"}
        assert server.reached.wait(60)
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
        assert live().compatible.busy and live().fetching, "another file changes nothing of that"
        live().request, live().request_pictures, live().compare = "/nowhere", 2, "WIPE"
        restage.unregister()
        assert server.closed.wait(60), "the server is not left waiting"
        restage.register()
        registration._begin()
        assert not live().compatible.busy and live().compatible.said == "" and not live().fetching
        assert bpy.ops.restage.list_models.poll() and bpy.ops.restage.test_connection.poll()
        assert bpy.ops.restage.fetch_picture.poll()
        assert (live().request, live().request_pictures, live().compare) == ("", 0, "NONE")


def test_a_reply_must_not_be_the_prompt(tmp_path):
    from restage.agent.providers import handoff
    from talking import request

    folder = tmp_path / "0001_generator_geometry_r2_1"
    handoff._write(folder, request())
    with pytest.raises(by_hand.ReplyError, match="still holds the prompt"):
        by_hand.reply(folder, handoff.prompt_text(folder).replace("\n", "\r\n"))
    by_hand.reply(folder, "The reply")
    assert (folder / handoff.REPLY).read_text() == "The reply"
    with pytest.raises(by_hand.ReplyError, match="can't be put into"):
        by_hand.reply(tmp_path / "gone", "The reply")


def test_nothing_is_sent_before_the_estimate_is_confirmed(registered, table_picture, tmp_path, online):
    registered.picture, registered.agent = str(table_picture), "compatible"
    addon = bpy.context.preferences.addons["restage"].preferences
    addon.base_url, registered.max_tokens = "http://models.invalid/v1", 50000
    chosen = launch.settings(registered, preferences.read(bpy.context))
    who, much, away, cap = launch.leaving(chosen, tmp_path, True)
    assert "first model" in who and "requests" in much and "models.invalid" in away and "50,000 tokens" in cap
    with pytest.raises(RuntimeError, match="Nothing was sent"):
        bpy.ops.restage.reconstruct()
    assert not (tmp_path / "runs").exists() and run_thread.current() is None
    # A server on this machine asks no question.
    addon.base_url = "http://127.0.0.1:9/v1"
    assert launch.leaving(launch.settings(registered, preferences.read(bpy.context)), tmp_path, False) == ()
    addon.base_url = "http://models.invalid/v1"
    with pytest.raises(launch.LaunchError, match="Online Access"):
        launch.leaving(launch.settings(registered, preferences.read(bpy.context)), tmp_path, False)


def test_caps_of_the_scene_stand_for_those_of_the_preferences(registered):
    registered.agent = "openai"
    addon = bpy.context.preferences.addons["restage"].preferences
    addon.openai_model, addon.max_usd = "a-model", 2.5
    chosen = launch.settings(registered, preferences.read(bpy.context))
    assert (chosen.max_usd, chosen.max_tokens, chosen.generator.model) == (2.5, None, "a-model")
    registered.max_tokens, registered.models.openai = 1000, "another"
    chosen = launch.settings(registered, preferences.read(bpy.context))
    assert (chosen.max_usd, chosen.max_tokens, chosen.generator.model) == (None, 1000, "another")
    registered.verifier, registered.verifier_models.anthropic = "anthropic", "judge"
    chosen = launch.settings(registered, preferences.read(bpy.context))
    assert (chosen.verifier.provider, chosen.verifier.model) == ("anthropic", "judge")


def test_a_cap_in_money_that_can_t_be_kept_is_said_before_anything_is_made(registered, table_picture, tmp_path):
    registered.picture, registered.agent = str(table_picture), "compatible"
    bpy.context.preferences.addons["restage"].preferences.base_url = "http://models.invalid/v1"
    with pytest.raises(RuntimeError, match="a cap in money cannot be kept"):
        bpy.ops.restage.reconstruct()
    assert "a cap in money" in live().error
    assert not (tmp_path / "runs").exists()


def test_test_connection_and_models_of_a_server_here(registered):
    with Loopback([Behaviour(text="Red.")], models=["small", "large"]) as server:
        addon = bpy.context.preferences.addons["restage"].preferences
        addon.base_url, addon.compatible_model = server.url, "small"
        assert bpy.ops.restage.test_connection(provider="compatible") == {"FINISHED"}
        assert live().compatible.busy and not bpy.ops.restage.list_models.poll()
        shown = task_done("compatible")
        assert "answered in" in shown.said and not shown.failed, shown.said
        bpy.ops.restage.list_models(provider="compatible")
        shown = task_done("compatible")
        assert shown.said.startswith("2 models") and {item.name for item in shown.models} == {"small", "large"}
    bpy.ops.restage.test_connection(provider="compatible")
    shown = task_done("compatible")
    assert shown.failed and shown.said


def test_without_online_access_only_this_machine_is_asked(registered, table_picture, monkeypatch):
    if bpy.app.online_access:
        bpy.context.preferences.system.use_online_access = False
    registered.picture, registered.agent = str(table_picture), "openai"
    assert not bpy.ops.restage.reconstruct.poll()
    registered.agent = "compatible"
    assert bpy.ops.restage.reconstruct.poll()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    bpy.ops.restage.test_connection(provider="openai")
    shown = task_done("openai")
    assert shown.failed and "Online Access" in shown.said


def test_the_table_suggests_models_until_a_server_was_asked(registered):
    properties.suggest_models(live())
    assert "gpt" in live().openai.models[0].name and "claude" in live().anthropic.models[0].name
    properties.set_models(live(), "openai", ["mine"])
    properties.suggest_models(live())
    assert [item.name for item in live().openai.models] == ["mine"]


def test_where_a_key_comes_from_is_said(monkeypatch):
    assert preferences._VARIABLES == keys.VARIABLES
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert preferences.key_words("openai", "")[0] == "not looked for yet"
    assert preferences.key_words("openai", "store")[0] == "in the system's key store"
    assert preferences.key_words("openai", "none")[0] == "none"
    monkeypatch.setenv("OPENAI_API_KEY", "x" * 20)
    assert preferences.key_words("openai", "none")[0] == "from OPENAI_API_KEY"


STORE = """#!/bin/sh
# A key store as secret-tool is one: keys are files in $RESTAGE_TEST_STORE.
case "$1" in
  store) cat > "$RESTAGE_TEST_STORE/$6" ;;
  lookup) cat "$RESTAGE_TEST_STORE/$5" 2>/dev/null ;;
  clear) rm -f "$RESTAGE_TEST_STORE/$5" ;;
esac
"""


@linux
def test_a_key_goes_to_the_key_store_and_nowhere_else(tmp_path):
    tool, store = tmp_path / "bin" / "secret-tool", tmp_path / "store"
    tool.parent.mkdir()
    store.mkdir()
    tool.write_text(STORE)
    tool.chmod(0o755)
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    key = "sk-planted-" + "0123456789abcdef" * 2
    code = f"""
        import sys, time, bpy
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        import restage
        from restage.operators import background
        restage.register()
        addon = bpy.context.preferences.addons.new()
        addon.module = "restage"
        addon.preferences.openai_model = "a-model-to-be-saved"

        def wait():
            shown = bpy.context.window_manager.restage.openai
            while bpy.context.window_manager.restage.openai.busy:
                background.find("openai").bridge.drain()
                time.sleep(0.01)
            shown = bpy.context.window_manager.restage.openai
            return shown.key, shown.said, shown.failed

        assert bpy.ops.restage.set_key(provider="openai", key=sys.stdin.readline()) == {{"FINISHED"}}
        print("set", wait())
        print("operators", [op.bl_idname for op in bpy.context.window_manager.operators])
        for name in ("set_key", "find_key"):
            last = bpy.context.window_manager.operator_properties_last(f"restage.{{name}}")
            print("last", getattr(last, "key", ""))
        bpy.ops.wm.save_userpref()
        bpy.ops.wm.save_as_mainfile(filepath={str(home / "file.blend")!r}, compress=False)
        bpy.ops.wm.save_homefile()
        bpy.ops.restage.find_key(provider="openai")
        print("found", wait())
        bpy.ops.ed.undo_push(message="x")
        if "keep" not in sys.argv:
            bpy.ops.restage.forget_key(provider="openai")
            print("forgotten", wait())
        try:
            bpy.ops.restage.set_key(provider="openai", key="no key at all, with spaces")
        except RuntimeError as error:
            print("error", error)
        print("refused", wait())
        bpy.context.preferences.addons.remove(addon)
        restage.unregister()
    """
    env = {name: value for name, value in os.environ.items() if name not in keys.VARIABLES.values()}
    env |= {
        "PATH": f"{tool.parent}:{env['PATH']}",
        "RESTAGE_TEST_STORE": str(store),
        "HOME": str(home),
        "BLENDER_USER_CONFIG": str(home / "config"),
        "BLENDER_USER_RESOURCES": str(home),
    }
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run([*command, "keep"], input=key, capture_output=True, text=True, env=env, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "set ('store', \"The system's key store has the key.\", False)" in said
    assert "found ('store'" in said
    assert "That is not a key" in said and "no key at all" not in said
    assert "set_key" not in said.split("operators", 1)[1].split("\n", 1)[0]
    assert (store / "openai").read_text() == key
    written = [path for path in home.rglob("*") if path.is_file()]
    assert any(b"a-model-to-be-saved" in path.read_bytes() for path in written), "the preferences were saved"
    assert [path for path in written if path.suffix == ".blend" and path.parent == home]
    assert key not in said
    assert not [path for path in written if key.encode() in path.read_bytes()]
    done = subprocess.run(command, input=key, capture_output=True, text=True, env=env, timeout=120)
    assert "forgotten ('none'" in done.stdout, done.stdout + done.stderr
    assert not (store / "openai").exists()


def test_a_brief_as_text_comes_back_as_it_was():
    brief = Brief(
        caption="Zwei Würfel",
        objects=[BriefObject(name="A", box=(0.1, 0.2, 0.3, 0.4), outlines=[[(0.1, 0.2), (0.3, 0.2), (0.3, 0.4)]])],
    )
    text = brief_text.text_of(brief)
    assert brief_text.read(text) == brief
    assert '"box": [0.1, 0.2, 0.3, 0.4]' in text and "Würfel" in text


@pytest.mark.parametrize(
    "change, sentence",
    [
        (('"name": "A"', '"name": "A", "nmae": "B"'), r"objects number 1 \(A\), nmae: there is no such entry\."),
        (("0.4]", '"x"]'), r"objects number 1 \(A\), box number 4: "),
        (('"backdrop": "scene"', '"backdrop": "sea"'), r"backdrop: "),
        (("{", "[{"), r"line \d+"),
    ],
)
def test_what_is_wrong_with_a_brief_is_one_sentence_with_its_place(change, sentence):
    text = brief_text.text_of(Brief(objects=[BriefObject(name="A", box=(0.1, 0.2, 0.3, 0.4))]))
    with pytest.raises(brief_text.BriefError, match=sentence) as caught:
        brief_text.read(text.replace(*change, 1))
    assert "\n" not in str(caught.value)
    with pytest.raises(brief_text.BriefError, match="one object in braces"):
        brief_text.read("[]")


def test_sentences_are_broken_at_spaces_and_long_paths_at_slashes():
    assert wrapped.lines("one two three", 8) == ["one two", "three"]
    assert all(len(line) <= 20 for line in wrapped.lines("in /a/very/long/path/of/many/parts/file.json now", 20))
    assert "".join(wrapped.lines("x" * 50, 20)) == "x" * 50
    assert wrapped.lines("word " * 100, 10, most=3)[-1].endswith("…")
