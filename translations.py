# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface in other languages: for each locale, a text as the code has it and its translation.

The key is (context, text), as `bpy.app.translations` wants it: buttons have the context `Operator`, all else `*`. What
is missing is shown in English. A test holds that every text here is one of the code's.
"""

from __future__ import annotations

_BUTTONS = {
    "de_DE": {
        "Reconstruct from Image": "Aus Bild rekonstruieren",
        "Go On": "Weiter",
        "Cancel": "Abbrechen",
        "Stop Solving": "Lösen beenden",
        "Accept": "Annehmen",
        "Leave Out": "Weglassen",
        "Reject": "Verwerfen",
        "Redo": "Noch einmal",
        "Reopen": "Wieder öffnen",
        "Solve": "Lösen",
        "Add a Point": "Punkt hinzufügen",
        "Run Edited Script": "Bearbeitetes Skript ausführen",
        "Show Changes": "Änderungen zeigen",
        "Revert": "Zurücksetzen",
        "Open in Text Editor": "Im Texteditor öffnen",
        "Write into Scripts": "In die Skripte schreiben",
        "Lock": "Sperren",
        "Lock Selected": "Auswahl sperren",
        "Put Back": "Zurückstellen",
        "Look Through Its Camera": "Durch die Kamera sehen",
        "Overlay": "Überlagern",
        "Side by Side": "Nebeneinander",
        "Wipe": "Wischen",
        "Flicker": "Flimmern",
        "Difference": "Unterschied",
        "Outlines": "Umrisse",
        "Keep": "Behalten",
        "Keep as Asset": "Als Asset behalten",
        "Discard": "Entfernen",
        "Save Program…": "Programm speichern…",
        "Report": "Bericht",
        "Run Folder": "Ordner",
        "Brief": "Beschreibung",
        "Program": "Programm",
        "Copy Details": "Einzelheiten kopieren",
        "Catch Up": "Nachholen",
    }
}
_WORDS = {
    "de_DE": {
        "Run": "Lauf",
        "Stopped": "Angehalten",
        "Next: {stage}": "Als Nächstes: {stage}",
        "{stage} is ready for review.": "{stage}: bereit zur Prüfung.",
        "Stages": "Stufen",
        "Parameters": "Parameter",
        "Script": "Skript",
        "Compare": "Vergleichen",
        "Locks": "Gesperrt",
        "Finish": "Abschluss",
        "Setup": "Aufbau",
        "Geometry": "Formen",
        "Materials": "Oberflächen",
        "Composition": "Anordnung",
        "Lighting": "Licht",
        "Step by Step": "Schrittweise",
        "All at Once": "Alles auf einmal",
        "Waiting": "Wartet",
        "Running": "Läuft",
        "To Review": "Zu prüfen",
        "Accepted": "Angenommen",
        "Left Out": "Weggelassen",
        "Stale": "Veraltet",
        "Broken": "Defekt",
        "What is to be different?": "Was soll anders sein?",
        "Attempt {number} of {count}": "Versuch {number} von {count}",
        "round {round}": "Runde {round}",
        "score {score:.2f}": "Wertung {score:.2f}",
        "failed": "gescheitert",
        "Best score {score:.2f}": "Beste Wertung {score:.2f}",
        "{tokens:,} tokens": "{tokens:,} Token",
        "You changed {what}": "Du hast geändert: {what}",
        "Not begun yet": "Noch nicht begonnen",
        "Edited and not run yet": "Bearbeitet und noch nicht ausgeführt",
        "Opacity": "Deckkraft",
    }
}


def table() -> dict[str, dict[tuple[str, str], str]]:
    """Return the translations as `bpy.app.translations.register` takes them."""
    locales = sorted({*_BUTTONS, *_WORDS})
    return {
        locale: {
            **{("Operator", text): said for text, said in _BUTTONS.get(locale, {}).items()},
            **{("*", text): said for text, said in _WORDS.get(locale, {}).items()},
        }
        for locale in locales
    }
