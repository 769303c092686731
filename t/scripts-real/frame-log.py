# SPDX-License-Identifier: MIT
# What the request was made of.
import json

frames = []


def handle_headers(frame, request, response):
    frames.append([frame.type, sorted(frame.flags)])


def handle_data(frame, request, response):
    frames.append([frame.type, sorted(frame.flags), len(frame.data)])


def main(request, response):
    return json.dumps(frames)
