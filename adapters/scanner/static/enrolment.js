/** Makes this browser a terminal: reads the operator's link, makes a key that cannot leave, and remembers the place. */

import { makeKeyPair, publicJwk } from "/wallet/core/keys.js";
import { openStore } from "/wallet/core/store.js";

const TABLES = { terminals: "scene" };

/** @returns {Promise<import("/wallet/core/store.js").Store>} one terminal per scene */
export function openTerminals() {
  return openStore("city-code-terminals", TABLES);
}

/**
 * @param {string} fragment such as "#terminal=…&enrol=…"
 * @returns {{terminal: string, code: string}|null}
 */
export function readLink(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const terminal = values.get("terminal");
  const code = values.get("enrol");
  return terminal && code ? { terminal, code } : null;
}

/**
 * @param {import("/wallet/core/store.js").Store} store
 * @param {Function} call
 * @param {{terminal: string, code: string}} link
 * @returns {Promise<object>} the remembered terminal
 * @throws {ApiError} enrolment_refused, unreachable
 */
export async function enrol(store, call, link) {
  const keys = await makeKeyPair();
  const answer = await call("POST", "/terminals/v1/enrolments",
    { terminal: link.terminal, enrolment_code: link.code, jwk: await publicJwk(keys.publicKey) });
  const terminal = { ...answer, privateKey: keys.privateKey };
  await store.put("terminals", terminal);
  return terminal;
}
