/** Consents: the holder's yes or no for each kind of place, with what such a place would see. */

const PATH = "/wallet/api/v1/consents";

/**
 * @param {Function} call see api.js
 * @returns {Promise<object[]>} {scene, title, attributes, given}
 * @throws {ApiError}
 */
export async function listConsents(call) {
  return (await call("GET", PATH)).consents;
}

/** Counts from the next scan. @param {Function} call @param {string} scene @param {boolean} given @throws {ApiError} */
export function setConsent(call, scene, given) {
  return call("PUT", `${PATH}/${encodeURIComponent(scene)}`, { given });
}
