/** Offers all trust lists of the vectors, in Node and in a browser alike. */

import { fromHex } from "../../../wallet/core/hex.js";
import { accept, openTrustList, TrustListError } from "../../../wallet/core/trust_list.js";

/**
 * @param {object[]} vectors of tests/vectors/trust
 * @returns {Promise<{accepted: boolean, version: number|null}[]>} for each: whether the offered list came into force,
 *   and the version in force afterwards
 */
export async function offerAll(vectors) {
  const answers = [];
  for (const vector of vectors) answers.push(await offer(vector));
  return answers;
}

async function offer({ current, offered, roots, threshold, now }) {
  const trusted = { roots: roots.map((root) => ({ algorithm: root.algorithm, public: fromHex(root.public) })), threshold, now };
  const before = current === null ? null : await openTrustList(fromHex(current), trusted);
  const bytes = fromHex(offered);
  try {
    const inForce = await (before === null ? openTrustList(bytes, trusted) : accept(before, bytes, now));
    return { accepted: true, version: inForce.version };
  } catch (error) {
    if (!(error instanceof TrustListError)) throw error;
    return { accepted: false, version: before?.version ?? null };
  }
}
