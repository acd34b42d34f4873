/** Signed documents of the service, as bytes, and uploads to it. Believes nothing of what comes: that is read elsewhere. */

import { ApiError, UNREACHABLE } from "/wallet/core/api.js";

const TIMEOUT_MS = 15_000;
/** The protocol that this page speaks, so that a service can say 426 to one that is too old. */
export const PROTOCOL = { "City-Terminal": "1" };
const COSE = "application/cose";
const NOT_MODIFIED = 304;

/** Asks the service of this page's own origin. */
export class Documents {
  /** The service's clock at the last answer, as its Date header says; nobody has signed that. @type {number|null} */
  saidAt = null;

  /**
   * @param {string} path
   * @param {{longest?: number, tag?: string|null, token?: string|null}} [options]
   * @returns {Promise<{bytes: Uint8Array, tag: string|null, unchanged: boolean}>}
   * @throws {ApiError}
   */
  async get(path, { longest = 2 ** 20, tag = null, token = null } = {}) {
    const headers = { ...(tag && { "If-None-Match": tag }), ...(token && { Authorization: `Bearer ${token}` }) };
    const { response, bytes } = await this.#ask(path, { headers });
    // More than a reader would look at was not sent by this service.
    if (bytes.length > longest) throw new ApiError({ status: 0, code: UNREACHABLE });
    return { bytes, tag: response.headers.get("ETag"), unchanged: response.status === NOT_MODIFIED };
  }

  /** @param {Uint8Array} signed @returns {Promise<object>} what became of each number */
  async upload(signed) {
    const { bytes } = await this.#ask("/terminals/v1/uploads", { method: "POST", body: signed, headers: { "Content-Type": COSE } });
    const answer = parse(bytes);
    if (answer === null || typeof answer !== "object") throw new ApiError({ status: 0, code: UNREACHABLE });
    return answer;
  }

  async #ask(path, { headers, ...request }) {
    try {
      const response = await fetch(path, { ...request, headers: { ...headers, ...PROTOCOL }, cache: "no-store", credentials: "omit",
        redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const bytes = new Uint8Array(await response.arrayBuffer());
      const date = Date.parse(response.headers.get("Date") ?? "");
      this.saidAt = Number.isNaN(date) ? null : date / 1000;
      if (!response.ok && response.status !== NOT_MODIFIED) throw problemOf(response, bytes);
      return { response, bytes };
    } catch (error) {
      // fetch throws TypeError when the network fails and DOMException on the time limit; both mean "not reached".
      if (error instanceof TypeError || error instanceof DOMException) throw new ApiError({ status: 0, code: UNREACHABLE });
      throw error;
    }
  }
}

function problemOf({ status }, bytes) {
  const body = parse(bytes);
  return new ApiError({ status, code: body?.code ?? body?.error ?? (status >= 500 ? UNREACHABLE : `http_${status}`), title: body?.title });
}

function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
