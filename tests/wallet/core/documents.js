/** Offers signed documents one after the other, in Node and in a browser alike. */

import { fromHex, hex } from "../../../wallet/core/hex.js";
import { acceptProfile } from "../../../wallet/core/profile.js";
import { DocumentError } from "../../../wallet/core/signed.js";
import { accept, statusOf } from "../../../wallet/core/snapshot.js";
import { openTrustList } from "../../../wallet/core/trust_list.js";

/**
 * @param {object} trust signed list and roots
 * @param {string[]} documents in hexadecimal
 * @param {number} now
 * @param {[number, number][]} asked places whose status is told of the state in the end
 * @returns {Promise<{states: string[], statuses: (string|null)[]}>} for each document the digest in force afterwards, or
 *   the name of the error
 */
export async function offerLists({ trust, documents, now, asked }) {
  const trustList = await opened(trust, now);
  let current = null;
  const states = [];
  for (const document of documents) {
    states.push(await refused(async () => {
      current = (await accept(current, fromHex(document), { trustList, now })).state;
      return `${current.version} ${hex(current.digest)}`;
    }));
  }
  return { states, statuses: asked.map(([list, idx]) => current && statusOf(current, list, idx)) };
}

/** For each document the profile, or the name of the error; each is offered beside the same one in force. */
export async function offerProfiles({ trust, documents, now, terminal, current }) {
  const trustList = await opened(trust, now);
  const take = async (before, document) => (await acceptProfile(before, fromHex(document), { terminal, trustList, now })).profile;
  const before = current === null ? null : await take(null, current);
  const answers = [];
  for (const document of documents) answers.push(await refused(async () => readable(await take(before, document))));
  return answers;
}

function opened({ list, roots, threshold }, now) {
  return openTrustList(fromHex(list), { roots: roots.map((root) => ({ algorithm: root.algorithm, public: fromHex(root.public) })), threshold, now });
}

async function refused(read) {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    return error.constructor.name;
  }
}

/** What JSON can carry of a profile. */
function readable(value) {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, readable(entry)]));
  if (value instanceof Uint8Array) return hex(value);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, readable(entry)]));
}
