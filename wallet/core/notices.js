/** Notices: what the city tells the holder by itself, and where in the wallet each is answered. */

const PATH = "/wallet/api/v1/notices";

/** The place of the wallet where a notice is answered, by the first part of its kind. */
const PLACES = { card: "cards", correction: "cards", tie: "family", paper: "paper", health: "health",
  record: "health-records", device: "devices",
  emergency: "health-records", application: "errands", review: "errands", dispute: "records" };

/**
 * @typedef {object} Notice
 * @property {number} id
 * @property {string} kind
 * @property {{zh: string, en: string}} message
 * @property {number} at epoch seconds
 * @property {boolean} read
 * @property {string|null} place where it is answered
 */

/** @param {Function} call see api.js @returns {Promise<Notice[]>} the newest first @throws {ApiError} */
export async function listNotices(call) {
  const { notices } = await call("GET", PATH);
  return notices.map(({ id, kind, message, at, read }) => ({ id, kind, message, at, read,
    place: PLACES[kind.split("_")[0]] ?? null }));
}

/** @param {Function} call @param {number} id @throws {ApiError} */
export async function markRead(call, id) {
  await call("POST", `${PATH}/${id}/read`, {});
}

/** @param {Notice[]} notices @returns {number} */
export function unread(notices) {
  return notices.filter(({ read }) => !read).length;
}
