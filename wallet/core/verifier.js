/**
 * The verifier: numbered steps from text to a decision. Knows no database, no network and no clock of its own.
 *
 * 1. Format: the text is one code of a known kind, every byte accounted for.
 * 2. Key: the trust list holds the issuer's key, for this purpose, in its time; the algorithm is the key's own.
 * 3. Signatures: the issuer signed the grant; for a device code the device in the grant signed the moment.
 * 4. Time: the grant is in its time and not too long; the shown code is inside the window of the policy.
 * 5. Policy: the grant is for this scene, and the policy accepts this kind, alone or with a document checked by staff.
 * 6. Status: the grant is neither revoked nor suspended, and somebody knows.
 * 7. First use: nobody showed this code before.
 *
 * A check throws `Rejected`; only `decide` turns it into a decision. The order is part of the format: an expired and
 * revoked code is expired, and no refusal uses a code up.
 */

import { ALGORITHMS } from "./algorithms.js";
import { DEVICE, FORMS, PAPER, SERVED } from "./claims.js";
import { SHOW_PURPOSE } from "./code.js";
import { sigStructure } from "./cose.js";
import { readShow, readSignedGrant } from "./reader.js";
import * as reasons from "./reasons.js";
import { decisionFor, Rejected } from "./reasons.js";
import { maskOf } from "./scenes.js";

const MAX_GRANT_LIFETIME = 72 * 3600;
const MAX_SERVED_LIFETIME = 60;
/** Seconds that no policy may exceed on either side of iat. */
const MAX_WINDOW = 120;
/** The entitlement that carries a health status, and the status of who has none. */
const HEALTH = 4;
const NO_STATUS = 0;
const STATUSES = { valid: null, revoked: reasons.REVOKED, suspended: reasons.SUSPENDED };

/**
 * What a scene accepts: kinds accepted without more, kinds accepted with a document checked by staff, and the seconds
 * around iat in which a shown code counts. `health` are the health statuses that are let in, null where none is asked.
 *
 * @typedef {{scene: string, kinds: string[], withDocument: string[], early: number, late: number, health?: number[]|null}} Policy
 */

/**
 * What the place remembers. `status` gives valid, revoked or suspended, or null when it cannot be told, and may throw
 * `Rejected`; `firstUse` marks (list, idx, iat) as used and gives false when somebody did before.
 *
 * @typedef {{status: (list: number, idx: number, grant: import("./claims.js").Grant) => any,
 *   firstUse: (list: number, idx: number, iat: number) => any}} Memory
 */

/** A code that has passed steps 1 to 3. @typedef {{kind: string, grant: import("./claims.js").Grant, iat: number}} Verified */

/**
 * Runs all steps.
 *
 * @param {string} text
 * @param {object} circumstances
 * @param {import("./trust_list.js").TrustList|null} circumstances.trustList null when there is none to go by
 * @param {Policy} circumstances.policy
 * @param {Memory} circumstances.memory
 * @param {number} circumstances.now epoch seconds
 * @param {string|null} [circumstances.guide]
 * @param {boolean} [circumstances.documentChecked]
 * @param {(verified: Verified) => any} [circumstances.rules] the scene's own, after all steps: gives what the acceptance
 *   books, or throws `Rejected`
 * @returns {Promise<{decision: "accepted"|"refused"|"undetermined", reason: string|null, verified: Verified|null,
 *   effect: any}>} never rejects for a bad text. What `memory` marked on the way to a refusal is the caller's to drop
 */
export async function decide(text, { trustList, policy, memory, now, guide = null, documentChecked = false, rules = () => null }) {
  let verified = null;
  try {
    verified = await prove(text, { trustList, policy, now, guide });
    requireHere(verified, { policy, now, documentChecked });
    await admit(verified, memory);
    return { decision: "accepted", reason: null, verified, effect: await rules(verified) };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return { decision: decisionFor(error.reason), reason: error.reason, verified, effect: null };
  }
}

/**
 * Steps 1 to 5, which depend on nothing but arguments.
 *
 * @param {string} text
 * @param {object} circumstances as for `decide`, without memory
 * @returns {Promise<Verified>}
 * @throws {Rejected}
 */
export async function verify(text, { trustList, policy, now, guide = null, documentChecked = false }) {
  const verified = await prove(text, { trustList, policy, now, guide });
  requireHere(verified, { policy, now, documentChecked });
  return verified;
}

/** Steps 1 to 3: whose code it is, whether or not it counts here and now. */
async function prove(text, { trustList, policy, now, guide }) {
  requireWindow(policy);
  // 1 format
  const shown = readShow(text, guide);
  const { grant, issuer, kid } = readSignedGrant(shown.kind, shown.signed);
  // 2 key
  if (trustList === null) throw new Rejected(reasons.TEMPORARILY_UNAVAILABLE);
  const form = FORMS.get(shown.kind);
  const key = trustList.find(kid, form.purpose, now);
  const algorithm = ALGORITHMS.get(key.algorithm);
  // The algorithm comes from the key's record; the header may only repeat it.
  if (issuer.alg !== algorithm.cose) throw new Rejected(reasons.UNSUPPORTED_ALGORITHM);
  // 3 signatures
  if (!await isSigned(key.verify, issuer, form.aad)) throw new Rejected(reasons.BAD_SIGNATURE);
  if (shown.kind === DEVICE) await requireHolder(shown.show, grant.device, algorithm);
  return { kind: shown.kind, grant, iat: shown.iat ?? grant.issued };
}

/** Steps 4 and 5. */
function requireHere({ kind, grant, iat }, { policy, now, documentChecked }) {
  // 4 time
  requireLifetime(kind, grant, now);
  requireMoment(kind, iat, policy, now);
  // 5 policy
  requirePolicy(kind, grant, policy, documentChecked);
}

/** Steps 6 and 7. */
async function admit({ kind, grant, iat }, memory) {
  const { list, idx } = grant;
  const status = await memory.status(list, idx, grant);
  // Undetermined is neither revoked nor accepted.
  if (!Object.hasOwn(STATUSES, status)) throw new Rejected(reasons.TEMPORARILY_UNAVAILABLE);
  if (STATUSES[status] !== null) throw new Rejected(STATUSES[status]);
  // A paper code has no moment: its scene asks for a second factor instead.
  if (kind !== PAPER && !await memory.firstUse(list, idx, iat)) throw new Rejected(reasons.REPLAYED);
}

function requireWindow({ early, late }) {
  if (![early, late].every((seconds) => seconds >= 0 && seconds <= MAX_WINDOW)) {
    throw new TypeError(`a window lies between 0 and ${MAX_WINDOW} seconds`);
  }
}

async function requireHolder(show, device, algorithm) {
  const verifyShow = loadDevice(device, algorithm);
  if (show.alg !== algorithm.cose) throw new Rejected(reasons.UNSUPPORTED_ALGORITHM);
  if (!await isSigned(verifyShow, show, SHOW_PURPOSE)) throw new Rejected(reasons.BAD_HOLDER_PROOF);
}

function loadDevice(device, algorithm) {
  try {
    return algorithm.load(device);
  } catch (error) {
    if (error instanceof RangeError) throw new Rejected(reasons.BAD_HOLDER_PROOF);
    throw error;
  }
}

function isSigned(verifySignature, { protectedHeader, payload, signature }, aad) {
  return verifySignature(signature, sigStructure(protectedHeader, aad, payload));
}

function requireLifetime(kind, { issued, expires }, now) {
  const longest = kind === SERVED ? MAX_SERVED_LIFETIME : MAX_GRANT_LIFETIME;
  // A paper code lives as long as its print; its list entry and its second factor bound it.
  if (kind !== PAPER && expires - issued > longest) throw new Rejected(reasons.LIFETIME_TOO_LONG);
  if (now >= expires) throw new Rejected(reasons.EXPIRED);
  if (kind !== SERVED && now < issued) throw new Rejected(reasons.NOT_YET_VALID);
}

function requireMoment(kind, iat, { early, late }, now) {
  if (kind === PAPER) return;
  if (iat > now + early) throw new Rejected(reasons.CLOCK_SKEW);
  // A slow clock and an old screenshot look the same; the words for "expired" name both cures.
  if (now > iat + late) throw new Rejected(reasons.EXPIRED);
}

function requirePolicy(kind, { scenes, entitlements }, { scene, kinds, withDocument, health = null }, documentChecked) {
  if (!(scenes & maskOf(scene))) throw new Rejected(reasons.WRONG_SCENE);
  if (!kinds.includes(kind) && !(documentChecked && withDocument.includes(kind))) {
    throw new Rejected(reasons.SECOND_FACTOR_REQUIRED);
  }
  if (health === null) return;
  // A code that is good elsewhere too carries no status, so it would hide one.
  if (scenes !== maskOf(scene)) throw new Rejected(reasons.WRONG_SCENE);
  if (!health.includes(entitlements.get(HEALTH) ?? NO_STATUS)) throw new Rejected(reasons.NOT_ENTITLED);
}
