// META: title=first
// META: title=second
// META: global=dedicatedworker-module
// SPDX-License-Identifier: MIT
