/** The holder's health status: what it rests on, until when, its history, and the appeal against a change. */

const PATH = "/wallet/api/v1/health-status";
/** Characters of the longest appeal that the service takes. */
export const LONGEST_APPEAL = 1000;

/**
 * @param {Function} call see api.js
 * @returns {Promise<{status: number, title: object, shape: string, until: number|null, appealDays: number, changes:
 *   object[]}>}
 *   changes: the newest first; `appealable` when no appeal was filed against it
 * @throws {ApiError}
 */
export async function readHealthStatus(call) {
  const now = await call("GET", PATH);
  const { changes } = await call("GET", `${PATH}/changes`);
  return { status: now.status, title: now.title, shape: now.shape, until: now.until, appealDays: now.appeal_days,
    changes: changes.map((change) => ({ ...change, appealable: change.appeal === null })) };
}

/** @param {Function} call @param {number} change @param {string} text why it is wrong @throws {ApiError} */
export function appeal(call, change, text) {
  return call("POST", `${PATH}/appeals`, { change, text });
}
