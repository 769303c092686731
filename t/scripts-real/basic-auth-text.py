# SPDX-License-Identifier: MIT
def main(request, response):
    if request.auth.username == "usr" and request.auth.password == "secret":
        response.headers.set('Content-type', 'text/plain')
        content = "User name/password wanted was right"
    else:
        response.status = 401
        response.headers.set('WWW-Authenticate', 'Basic realm="test"')
        content = "User name/password wasn't given or wrong"
    return content
