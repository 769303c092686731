// META: title=Extends
