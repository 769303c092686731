/* SPDX-License-Identifier: MIT */
/* What a ShadowRealm has before the harness comes. */
globalThis.self = globalThis;
globalThis.setShadowRealmGlobalProperties = (search, adaptor) => {
	globalThis.location = { search };
	globalThis.fetches = typeof adaptor;
};
