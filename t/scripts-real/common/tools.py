# SPDX-License-Identifier: MIT
"""What several scripts import."""
import time


def wait_for(stash, key, seconds=30):
    """Takes from the stash what another request puts there."""
    end = time.time() + seconds
    while time.time() < end:
        value = stash.take(key)
        if value is not None:
            return value
        time.sleep(0.01)
    return None


def first(request, name, default=b""):
    """A query parameter."""
    return request.GET.first(name, default)
