/**
 * What decides at this place, out of the signed profile. A policy that this page cannot read in full decides nothing:
 * a rule that is left out would be a yes that nobody gave.
 */

import { SCENE_BITS } from "/wallet/core/scenes.js";
import * as bus from "./rules/bus.js";
import * as hospital from "./rules/hospital.js";
import * as pharmacy from "./rules/pharmacy.js";
import * as scenicSpot from "./rules/scenic_spot.js";
import * as venue from "./rules/venue.js";

const RULES = new Map([["bus", bus], ["hospital", hospital], ["pharmacy", pharmacy], ["scenic_spot", scenicSpot],
  ["venue", venue]]);
const KINDS = { device: "91", served: "92", paper: "93", digit: "18", typed: "00" };
const HEALTH = { none: 0, green: 1, yellow: 2, red: 3 };
const COMMON = ["kinds", "with_document", "early", "late", "discloses", "holder_check", "offline"];

/**
 * `checks` is the verifier's part, `offline` what is done without network (null: nothing is decided here), `rules` the
 * scene's own, `document` what they go by.
 *
 * @typedef {{label: string, checks: import("/wallet/core/verifier.js").Policy, holderCheck: boolean, document: object,
 *   offline: {let_pass: boolean, advice: {zh: string, en: string}}|null, rules: object}} Policy
 */

/** @param {import("/wallet/core/profile.js").Profile} profile @returns {Policy|null} null when this page cannot go by it */
export function policyOf({ scene, policy, asksHealth }) {
  const rules = RULES.get(scene);
  if (policy === null || rules === undefined || !SCENE_BITS.has(scene)) return null;
  const document = parse(policy.document);
  const known = [...COMMON, ...rules.fields];
  if (document === null || !known.every((name) => Object.hasOwn(document, name))) return null;
  if (!Object.keys(document).every((name) => known.includes(name) || name === "health")) return null;
  const kinds = (names) => names.map((name) => KINDS[name]).filter(Boolean);
  const health = asksHealth && document.health ? document.health.map((name) => HEALTH[name]) : null;
  return {
    label: `${policy.name}@${policy.version}`, document, rules, offline: document.offline, holderCheck: document.holder_check,
    checks: { scene, kinds: kinds(document.kinds), withDocument: kinds(document.with_document), early: document.early, late: document.late, health },
  };
}

function parse(bytes) {
  try {
    const document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof document === "object" && !Array.isArray(document) ? document : null;
  } catch {
    return null;
  }
}
