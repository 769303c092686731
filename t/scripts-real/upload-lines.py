# SPDX-License-Identifier: MIT
# Line by line, as files are read.
def main(request, response):
    lines = []
    for line in request.raw_input:
        lines.append(line.strip()[::-1])
    request.raw_input.seek(0)
    again = request.raw_input.readline()
    return b"|".join(lines) + b"/" + again.strip()
