/** Paper codes: printed for oneself or for somebody acted for, listed, and revoked when lost. */

import { fromBase64url } from "./base64url.js";

const PATH = "/wallet/api/v1/papers";

/**
 * @param {Function} call see api.js
 * @returns {Promise<object[]>} the prints that count: {id, list, idx, name, tie, issued, expires}
 * @throws {ApiError}
 */
export async function listPapers(call) {
  const { papers } = await call("GET", PATH);
  return papers.map((paper) => ({ ...paper, id: `${paper.list}-${paper.idx}` }));
}

/**
 * Prints a code; the earlier print of the same person dies with it.
 *
 * @param {Function} call
 * @param {string|null} tie to the one it is for, null for oneself
 * @returns {Promise<object>} {name, issued, expires, code, png, pdf}: the code's text and files as bytes, given once; pdf is
 *   null where the city makes none
 * @throws {ApiError}
 */
export async function printPaper(call, tie) {
  const { name, issued, expires, code, png, pdf } = await call("POST", PATH, { tie });
  return { name, issued, expires, code, png: fromBase64url(png), pdf: pdf ? fromBase64url(pdf) : null };
}

/** @param {Function} call @param {{list: number, idx: number}} paper a lost print @throws {ApiError} */
export async function revokePaper(call, { list, idx }) {
  await call("DELETE", `${PATH}/${list}/${idx}`);
}
