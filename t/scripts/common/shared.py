# SPDX-License-Identifier: MIT
"""State of one connection, and waiting for it.

Scripts wait for a condition with a deadline, as the tests do: `notes` holds
what scripts have recorded, by key.
"""
import threading
import time

notes = {}
_changed = threading.Condition()


def note(key, value=True):
    """Records value under key and wakes those who wait for it."""
    with _changed:
        notes[key] = value
        _changed.notify_all()


def wait_note(key, seconds=120):
    """Waits until key is there; its value, None when time is over."""
    end = time.monotonic() + seconds
    with _changed:
        while key not in notes and time.monotonic() < end:
            _changed.wait(end - time.monotonic())
        return notes.get(key)


def query(request, name, default=""):
    """A query parameter as text."""
    value = request.GET.first(name.encode(), default.encode())
    return value.decode("latin-1")
