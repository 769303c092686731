/* SPDX-License-Identifier: MIT */
"use strict";
self.helped = "by " + (self.GLOBAL ? "a script" : "a script without GLOBAL");
