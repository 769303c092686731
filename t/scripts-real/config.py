# SPDX-License-Identifier: MIT
def main(request, response):
    config = request.server.config
    port = config["ports"]["h2"][0]
    return "https://%s:%d/ %s %s" % (
        config.browser_host, port, config["domains"][""]["www"],
        config["all_domains"]["alt"][""])
