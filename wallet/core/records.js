/** Scan records: who saw the holder's code, and the word of a holder who says that it was not them, or is wrong. */

const PATH = "/wallet/api/v1/records";
const DISPUTES = "/wallet/api/v1/disputes";
/** What a holder may say of a record. */
export const DISPUTE_KINDS = ["not_me", "wrong"];
/** Characters of the longest text that the service takes. */
export const LONGEST_DISPUTE = 300;

/**
 * @param {Function} call see api.js
 * @returns {Promise<object[]>} the newest first; `disputable` while nothing was said of it, `reply` once that was
 *   answered
 * @throws {ApiError}
 */
export async function listRecords(call) {
  const { records } = await call("GET", PATH);
  const said = records.some(({ dispute }) => dispute) ? (await call("GET", DISPUTES)).disputes : [];
  const replies = new Map(said.map(({ record, reply }) => [record, reply]));
  return records.map((record) => ({ ...record, disputable: !record.dispute, reply: replies.get(record.id) ?? null }));
}

/** @param {Function} call @param {string} record @param {{kind: string, text: string}} word @throws {ApiError} */
export function dispute(call, record, { kind, text }) {
  return call("POST", `${PATH}/${encodeURIComponent(record)}/disputes`, { kind, text });
}
