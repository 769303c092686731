# SPDX-License-Identifier: MIT
"""Records which functions ran, with what, and whether two ever overlapped;
main answers with the record as JSON."""
import json
import time

calls = []          # of this request: the namespace is fresh for each
running = []
overlaps = []


def enter(name, **facts):
    if running:
        overlaps.append(name)
    running.append(name)
    calls.append([name, facts])
    time.sleep(0.002)       # gives a second thread its chance to break the rule
    running.pop()


def handle_headers(frame, request, response):
    enter("handle_headers", type=frame.type, flags=sorted(frame.flags),
          stream=frame.stream_id == request.h2_stream_id,
          ended=frame.stream_ended,
          pairs=[[str(n, "latin-1") if isinstance(n, bytes) else n,
                  str(v, "latin-1") if isinstance(v, bytes) else v]
                 for n, v in frame.headers],
          body=len(request.frames))


def handle_data(frame, request, response):
    enter("handle_data", type=frame.type, data=frame.data.decode("latin-1"),
          length=frame.flow_controlled_length, ended=frame.stream_ended,
          flags=sorted(frame.flags))


def main(request, response):
    trailers = request.trailers
    enter("main", body=request.body.decode("latin-1"),
          frames=[f.type for f in request.frames],
          trailers=trailers.get("x-sum", b"").decode() if trailers else None)
    return json.dumps({"calls": calls, "overlaps": overlaps})
