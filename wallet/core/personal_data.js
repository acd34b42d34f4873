/** The holder's own data: taken along as one signed file, or erased with a one-time password. */

const PATH = "/wallet/api/v1";

/**
 * @param {Function} call see api.js
 * @returns {Promise<string>} the signed file, to be kept as it is
 * @throws {ApiError}
 */
export function exportData(call) {
  return call("POST", `${PATH}/exports`, {});
}

/**
 * @param {Function} call
 * @returns {Promise<{what: object, why: object, until: number|null}[]>} what no erasure takes away
 * @throws {ApiError}
 */
export async function listKept(call) {
  return (await call("GET", `${PATH}/erasures`)).kept;
}

/**
 * @param {Function} call
 * @returns {Promise<{challenge: string, expires_in: number}>} a password went to the holder's phone
 * @throws {ApiError}
 */
export function sendErasureMessage(call) {
  return call("POST", `${PATH}/erasures/messages`, {});
}

/** @param {Function} call @param {{challenge: string, password: string}} word @throws {ApiError} */
export function eraseData(call, { challenge, password }) {
  return call("POST", `${PATH}/erasures`, { challenge, one_time_password: password });
}
