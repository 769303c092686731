# SPDX-License-Identifier: MIT
# Asks for credentials and says which came.
def main(request, response):
    session_user = request.auth.username
    session_pass = request.auth.password
    expected_user = request.headers.get(b"X-User", None)
    if expected_user is not None and session_user == expected_user:
        response.headers.set(b"Content-Type", b"text/plain")
        return b"Authenticated: " + session_user + b":" + session_pass
    response.headers.set(b"WWW-Authenticate", b'Basic realm="test"')
    response.status = 401
    return b"FAIL"
