/** A browser's exchange with the service: `fetch` with a time limit, as the `Request` of platform.js. */

import { ApiError, UNREACHABLE } from "./api.js";

/** @type {import("./platform.js").Request} */
export async function byFetch(path, { timeoutMs, ...request }) {
  try {
    const response = await globalThis.fetch(path, { ...request, cache: "no-store", credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, header: (name) => response.headers.get(name), text: await response.text() };
  } catch (error) {
    // fetch throws TypeError when the network fails and DOMException on the time limit; both mean "not reached".
    if (error instanceof TypeError || error instanceof DOMException) throw new ApiError({ status: 0, code: UNREACHABLE });
    throw error;
  }
}
