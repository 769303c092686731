/* SPDX-License-Identifier: MIT */
self.one = "one";
