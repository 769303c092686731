// META: script=/x?{{GET[a]}}
// SPDX-License-Identifier: MIT
