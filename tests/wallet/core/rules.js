/** Runs a scene's rules of the scanner page over several scans of one terminal, in a browser's own store. */

import { fromHex } from "/wallet/core/hex.js";
import { acceptProfile } from "/wallet/core/profile.js";
import { Rejected } from "/wallet/core/reasons.js";
import { openTrustList } from "/wallet/core/trust_list.js";
import { openLedger } from "/scanner/static/ledger.js";
import { LocalMemory } from "/scanner/static/local_memory.js";
import { policyOf } from "/scanner/static/policy.js";

/**
 * @param {{name: string, trust: object, profile: string, terminal: string, made: number, scans: object[]}} day `name` of a
 *   store that is empty yet; `scans` name the grant, its entitlements, the body and the moment
 * @returns {Promise<(object|string)[]|null>} effects, or reasons; null when the policy cannot be read
 */
export async function decideDay({ name, trust, profile: signed, terminal, made, scans }) {
  const roots = trust.roots.map((root) => ({ algorithm: root.algorithm, public: fromHex(root.public) }));
  const trustList = await openTrustList(fromHex(trust.list), { roots, threshold: trust.threshold, now: made });
  const { profile } = await acceptProfile(null, fromHex(signed), { terminal, trustList, now: made });
  const policy = policyOf(profile);
  if (policy === null) return null;
  const ledger = await openLedger(name);
  const answers = [];
  for (const scan of scans) answers.push(await decide(scan, { ledger, profile, policy }));
  return answers;
}

async function decide({ list, idx, entitlements, body, now }, { ledger, profile, policy }) {
  const grant = { list, idx, issued: now, entitlements: new Map(Object.entries(entitlements).map(([key, value]) => [Number(key), value])) };
  const memory = new LocalMemory(ledger, profile, { version: now, expires: now + 3600, lists: new Map() }, now);
  memory.status(list, idx, grant);
  try {
    const effect = await policy.rules.decide({ grant }, body, memory, policy.document, now);
    const { message } = policy.rules.reply(effect, policy.document);
    await ledger.change(memory.changes());
    return { effect, message };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return error.reason;
  }
}
