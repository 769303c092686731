// META: title=A test
