# SPDX-License-Identifier: MIT
def main(request, response):
    response.headers.append("Vary", "Accept")
    response.headers.append("Vary", "Accept-Language")
    if response.headers.get("Vary") != ["Accept", "Accept-Language"]:
        return 500, [], "wrong"
    language = request.headers.get("Accept-Language", "en").split(",")[0]
    return {"de": "Hallo", "fr": "Salut"}.get(language, "Hello")
