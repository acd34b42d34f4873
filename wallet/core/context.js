/** A decision from one JSON document, as the conformance kit and the vectors give it. */

import { fromHex } from "./hex.js";
import { openTrustList, TrustListError } from "./trust_list.js";
import { decide } from "./verifier.js";

/**
 * @param {string} text
 * @param {object} context guide, now, policy {scene, kinds, with_document, early, late}, document_checked, status, used,
 *   trust {list, roots [{algorithm, public}], threshold} in hexadecimal
 * @returns {Promise<{decision: string, reason: string|null}>}
 */
export async function decideIn(text, { guide, now, policy, document_checked: documentChecked, status, used, trust }) {
  const { with_document: withDocument, ...rest } = policy;
  const { decision, reason } = await decide(text, {
    trustList: await openOrNull(trust, now), policy: { ...rest, withDocument }, now, guide, documentChecked,
    memory: { status: () => status, firstUse: () => !used },
  });
  return { decision, reason };
}

async function openOrNull({ list, roots, threshold }, now) {
  const trusted = roots.map((root) => ({ algorithm: root.algorithm, public: fromHex(root.public) }));
  try {
    return await openTrustList(fromHex(list), { roots: trusted, threshold, now });
  } catch (error) {
    // Without a list the verifier cannot tell; a code that is none is refused all the same.
    if (error instanceof TrustListError) return null;
    throw error;
  }
}
