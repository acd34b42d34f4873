/** Sessions: where this account is signed in. */

const PATH = "/wallet/api/v1/sessions";

/**
 * @param {Function} call see api.js
 * @returns {Promise<object[]>} {id, current, client, device, started_at, seen_at}; `current` marks this one
 * @throws {ApiError}
 */
export async function listSessions(call) {
  return (await call("GET", PATH)).sessions;
}

/** @param {Function} call @param {string} id @throws {ApiError} */
export async function endSession(call, id) {
  await call("DELETE", `${PATH}/${encodeURIComponent(id)}`);
}

/** Ends every session but this one. @param {Function} call @throws {ApiError} */
export async function endOtherSessions(call) {
  await call("POST", `${PATH}/end-others`, {});
}
