/** Calls to the service: JSON in and out, CSRF header, problem+json (RFC 9457) turned into one error type. */

/** The code of an error when no server could be reached. */
export const UNREACHABLE = "unreachable";
const CALL_TIMEOUT_MS = 15000;
const SAFE_METHODS = new Set(["GET", "HEAD"]);

/** What went wrong, in values. `title` and `detail` are the server's words in the language asked for, if it gave any. */
export class ApiError extends Error {
  /** @param {{status: number, code: string, title?: string, detail?: string, trace?: string, retryAfter?: number}} problem */
  constructor({ status, code, title = "", detail = "", trace = "", retryAfter = 0 }) {
    super(`${code} (${status})`);
    this.name = "ApiError";
    Object.assign(this, { status, code, title, detail, trace, retryAfter });
  }
}

/**
 * @param {object} options
 * @param {() => string} options.language for Accept-Language
 * @param {() => (string|null)} [options.csrf]
 * @param {() => (string|null)} [options.bearer]
 * @param {(answer: {body: object|null, date: number|null, sent: number, received: number}) => void} [options.onAnswer]
 * @param {typeof fetch} [options.fetch]
 * @param {number} [options.timeoutMs]
 * @returns {(method: string, path: string, body?: object|URLSearchParams, headers?: object) => Promise<any>}
 *   gives the JSON answer or null for none; throws ApiError
 */
export function createApi({ language, csrf = () => null, bearer = () => null, onAnswer = () => {},
  fetch = (...call) => globalThis.fetch(...call), timeoutMs = CALL_TIMEOUT_MS }) {
  return async function call(method, path, body, headers = {}) {
    const sent = Date.now() / 1000;
    const response = await send(fetch, path, timeoutMs, {
      method, cache: "no-store", credentials: "same-origin",
      headers: { Accept: "application/json", "Accept-Language": language(), ...contentHeaders(body),
        ...optional("X-CSRF-Token", SAFE_METHODS.has(method) ? null : csrf()),
        ...optional("Authorization", bearer() && `Bearer ${bearer()}`), ...headers },
      body: body === undefined || body instanceof URLSearchParams ? body : JSON.stringify(body),
    });
    const answer = await readJson(response);
    const date = Date.parse(response.headers.get("Date") ?? "");
    onAnswer({ body: answer, date: Number.isNaN(date) ? null : date / 1000, sent, received: Date.now() / 1000 });
    if (!response.ok) throw problemOf(response, answer);
    return answer;
  };
}

async function send(fetch, path, timeoutMs, init) {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    // fetch throws TypeError when the network fails and DOMException on the time limit; both mean "not reached".
    if (error instanceof TypeError || error instanceof DOMException) throw new ApiError({ status: 0, code: UNREACHABLE });
    throw error;
  }
}

async function readJson(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!type.includes("json")) return null;
  try {
    return await response.json();
  } catch {
    // A cut connection in the middle of an answer is the network's fault, not a malformed service.
    throw new ApiError({ status: 0, code: UNREACHABLE });
  }
}

function problemOf(response, answer) {
  return new ApiError({
    status: response.status,
    // RFC 6749 errors carry "error" in place of "code"; a gateway's page carries neither.
    code: answer?.code ?? answer?.error ?? (response.status >= 500 ? UNREACHABLE : `http_${response.status}`),
    title: answer?.title, detail: answer?.detail ?? answer?.error_description, trace: answer?.trace,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
}

function contentHeaders(body) {
  return body === undefined || body instanceof URLSearchParams ? {} : { "Content-Type": "application/json" };
}

function optional(name, value) {
  return value ? { [name]: value } : {};
}
