// SPDX-License-Identifier: MIT
globalThis.helped = "by a script";
