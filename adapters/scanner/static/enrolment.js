/** Makes this browser a terminal: reads the operator's link, makes a key that cannot leave, and remembers the place. */

import { compressedPoint, makeKeyPair, publicJwk } from "/wallet/core/keys.js";
import { openStore } from "/wallet/core/store.js";
import { kidOf } from "/wallet/core/trust_list_body.js";
import { tellEnrolled } from "./alone.js";
import { Bundle } from "./bundle.js";
import { openLedger, remove } from "./ledger.js";

const TABLES = { terminals: "scene" };

/** @returns {Promise<import("/wallet/core/store.js").Store>} one terminal per scene */
export function openTerminals() {
  return openStore("city-code-terminals", TABLES);
}

/**
 * @param {string} fragment such as "#terminal=…&enrol=…&trust=…"
 * @returns {{terminal: string, code: string, pin: string|null}|null} `pin` names the trust list that the terminal begins with
 */
export function readLink(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const terminal = values.get("terminal");
  const code = values.get("enrol");
  return terminal && code ? { terminal, code, pin: values.get("trust") } : null;
}

/** @param {{terminal: string, code: string, pin: string|null}} link @returns {string} the fragment that `readLink` reads */
export function writeLink({ terminal, code, pin }) {
  return `#${new URLSearchParams({ terminal, enrol: code, ...(pin && { trust: pin }) })}`;
}

/**
 * Whether scans of another terminal wait in this browser: its key would be gone, and nobody could hand them over.
 *
 * @param {import("/wallet/core/store.js").Store} store
 * @param {string} scene
 * @param {{terminal: string}} link
 */
export async function wouldStrand(store, scene, { terminal }) {
  const known = await store.get("terminals", scene);
  if (!known || known.terminal === terminal) return false;
  return await (await openLedger(known.terminal)).waiting() > 0;
}

/**
 * @param {import("/wallet/core/store.js").Store} store
 * @param {Function} call
 * @param {import("./documents.js").Documents} documents
 * @param {{terminal: string, code: string, pin: string|null}} link
 * @returns {Promise<object>} the remembered terminal
 * @throws {ApiError} enrolment_refused, unreachable
 * @throws {TrustListError} the service's trust list is not the one that the link names; the code is not used up
 */
export async function enrol(store, call, documents, link) {
  const ledger = await openLedger(link.terminal);
  if (link.pin) await (await Bundle.load(ledger)).begin((await documents.get("/trust-list")).bytes, link.pin);
  const keys = await makeKeyPair();
  const answer = await call("POST", "/terminals/v1/enrolments",
    { terminal: link.terminal, enrolment_code: link.code, jwk: await publicJwk(keys.publicKey) });
  // The operator vouches for this terminal anew: a suspension, and a time or a profile from a future that somebody has
  // made up, do not stay in its way.
  await ledger.change(["clock", "suspended", "profile"].map((name) => remove("fact", name)));
  const kid = await kidOf("ES256", await compressedPoint(keys.publicKey));
  const terminal = { ...answer, privateKey: keys.privateKey, kid, pin: link.pin };
  await store.put("terminals", terminal);
  tellEnrolled(terminal.scene);
  return terminal;
}
