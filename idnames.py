# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of every operator, panel, menu and file handler, in one place: what draws a button need not import it."""

from __future__ import annotations

from enum import StrEnum


class Op(StrEnum):
    """Operators."""

    # The picture
    CHOOSE_PICTURE = "restage.choose_picture"
    DROP_PICTURE = "restage.drop_picture"
    FETCH_PICTURE = "restage.fetch_picture"
    PASTE_PICTURE = "restage.paste_picture"
    # The run
    RECONSTRUCT = "restage.reconstruct"
    GO_ON = "restage.go_on"
    CANCEL = "restage.cancel"
    ENOUGH = "restage.stop_solving"
    CATCH_UP = "restage.catch_up"
    LOCATE = "restage.locate_run"
    SHOW_BRIEF = "restage.show_brief"
    OPEN_FOLDER = "restage.open_folder"
    # A stage
    FOCUS = "restage.focus_stage"
    ACCEPT = "restage.accept"
    REJECT = "restage.reject"
    REDO = "restage.redo"
    CHOOSE = "restage.choose_attempt"
    REOPEN = "restage.reopen"
    SOLVE = "restage.solve_numbers"
    DROP_WISH = "restage.drop_wish"
    ADD_POINT = "restage.add_point"
    REMOVE_POINT = "restage.remove_point"
    RESET_POINTS = "restage.reset_points"
    # Its parameters and its script
    RUN_PARAMS = "restage.run_parameters"
    SHOW_SCRIPT = "restage.show_script"
    RUN_SCRIPT = "restage.run_script"
    SHOW_CHANGES = "restage.show_changes"
    REVERT_SCRIPT = "restage.revert_script"
    # Manual edits
    KEEP_EDITS = "restage.keep_edits"
    LOCK_EDITS = "restage.lock_edits"
    UNDO_EDITS = "restage.put_back"
    LOCK = "restage.lock"
    UNLOCK = "restage.unlock"
    # Looking
    LOOK = "restage.look"
    COMPARE = "restage.compare"
    HINT = "restage.hint"
    CLEAR_HINTS = "restage.clear_hints"
    APPLY_SETTINGS = "restage.apply_settings"
    # The end
    KEEP = "restage.keep"
    DISCARD = "restage.discard"
    SAVE_PROGRAM = "restage.save_program"
    EXPORT = "restage.export"
    OPEN_REPORT = "restage.open_report"
    # A request by hand
    COPY_PROMPT = "restage.copy_prompt"
    OPEN_REQUEST = "restage.open_request"
    PASTE_REPLY = "restage.paste_reply"
    # Providers
    PREFERENCES = "restage.preferences"
    SET_KEY = "restage.set_key"
    FORGET_KEY = "restage.forget_key"
    FIND_KEY = "restage.find_key"
    TEST_CONNECTION = "restage.test_connection"
    LIST_MODELS = "restage.list_models"
    # When something went wrong
    COPY_DETAILS = "restage.copy_details"
    ALLOW_ONLINE = "restage.online_preferences"


class Pt(StrEnum):
    """Panels."""

    MAIN = "RESTAGE_PT_main"
    RUN = "RESTAGE_PT_run"
    STAGES = "RESTAGE_PT_stages"
    PARAMS = "RESTAGE_PT_params"
    SCRIPT = "RESTAGE_PT_script"
    LOCKS = "RESTAGE_PT_locks"
    COMPARE = "RESTAGE_PT_compare"
    FINISH = "RESTAGE_PT_finish"
    OPTIONS = "RESTAGE_PT_options"
    ADVANCED = "RESTAGE_PT_advanced"
    TEXT = "RESTAGE_PT_text"


class Mt(StrEnum):
    """Menus."""

    RESTAGE = "RESTAGE_MT_restage"


class Fh(StrEnum):
    """File handlers."""

    PICTURE = "RESTAGE_FH_picture"
