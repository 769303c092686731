# SPDX-License-Identifier: MIT
def main(request, response):
    data = request.connection.data
    data["n"] = data.get("n", 0) + 1
    return "%s %s %d" % (request.connection.alpn_protocol,
                         request.client_address[0], data["n"])
