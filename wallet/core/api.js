/** Calls to the service: JSON in and out, CSRF header, problem+json (RFC 9457) turned into one error type. */

/** The code of an error when no server could be reached. */
export const UNREACHABLE = "unreachable";
const CALL_TIMEOUT_MS = 15000;
const LINES = "application/jsonl";
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
 * @param {import("./platform.js").Request} options.request
 * @param {() => string} options.language for Accept-Language
 * @param {string} [options.client] for X-Client
 * @param {() => (string|null)} [options.csrf]
 * @param {() => (string|null)} [options.bearer]
 * @param {() => number} [options.now] seconds
 * @param {(answer: {body: object|null, date: number|null, sent: number, received: number}) => void} [options.onAnswer]
 * @param {number} [options.timeoutMs]
 * @returns {(method: string, path: string, body?: object|string, headers?: object) => Promise<any>}
 *   a string is sent as a form; gives the JSON answer, the text of a file, or null for none; throws ApiError
 */
export function createApi({ request, language, client = "", csrf = () => null, bearer = () => null,
  now = () => Date.now() / 1000, onAnswer = () => {}, timeoutMs = CALL_TIMEOUT_MS }) {
  return async function call(method, path, body, headers = {}) {
    const sent = now();
    const token = bearer();
    const answer = await request(path, { method, timeoutMs,
      headers: { Accept: "application/json", "Accept-Language": language(), ...optional("X-Client", client), ...contentHeaders(body),
        // Only a cookie is sent by itself; what sends its own header proves nothing by another one.
        ...optional("X-CSRF-Token", SAFE_METHODS.has(method) || token ? null : csrf()),
        ...optional("Authorization", token && `Bearer ${token}`), ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const read = readBody(answer);
    const date = Date.parse(answer.header("Date") ?? "");
    onAnswer({ body: read, date: Number.isNaN(date) ? null : date / 1000, sent, received: now() });
    if (answer.status < 200 || answer.status > 299) throw problemOf(answer, read);
    return read;
  };
}

function readBody(answer) {
  const type = answer.header("Content-Type") ?? "";
  // Lines of JSON are a file for the person: they are handed over as they came, for their signature is over the bytes.
  if (type.startsWith(LINES)) return answer.text;
  if (!type.includes("json")) return null;
  try {
    return JSON.parse(answer.text);
  } catch {
    // A cut connection in the middle of an answer is the network's fault, not a malformed service.
    throw new ApiError({ status: 0, code: UNREACHABLE });
  }
}

function problemOf(answer, read) {
  return new ApiError({
    status: answer.status,
    // RFC 6749 errors carry "error" in place of "code"; a gateway's page carries neither.
    code: read?.code ?? read?.error ?? (answer.status >= 500 ? UNREACHABLE : `http_${answer.status}`),
    title: read?.title, detail: read?.detail ?? read?.error_description, trace: read?.trace,
    retryAfter: Number(answer.header("Retry-After")) || 0,
  });
}

function contentHeaders(body) {
  if (body === undefined) return {};
  return { "Content-Type": typeof body === "string" ? "application/x-www-form-urlencoded;charset=UTF-8" : "application/json" };
}

function optional(name, value) {
  return value ? { [name]: value } : {};
}
