/** Decides all vectors, in Node and in a browser alike. */

import { decideIn } from "../../../wallet/core/context.js";

/**
 * @param {object[]} vectors of tests/vectors
 * @param {Record<string, object>} trust tests/vectors/trust.json
 * @returns {Promise<object[]>} a decision each
 */
export async function decideAll(vectors, trust) {
  const decisions = [];
  for (const vector of vectors) decisions.push(await decideIn(vector.text, { ...vector, trust: trust[vector.trust] }));
  return decisions;
}
