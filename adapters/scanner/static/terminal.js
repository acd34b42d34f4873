/** The terminal's calls: a short token by its own key, scans, and the heartbeat. Keeps the token in memory only. */

import { createApi } from "/wallet/core/api.js";
import { ServerClock } from "/wallet/core/clock.js";
import { byFetch } from "/wallet/core/fetch.js";
import { signJws } from "/wallet/core/keys.js";
import { PROTOCOL } from "./documents.js";

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS = 50;
/** A token this close to its end is not used any more. */
const TOKEN_MARGIN = 30;
/** A person waits at the gate; after this the scanner says that it cannot tell. */
const SCAN_TIMEOUT_MS = 6000;

/** One enrolled terminal. */
export class Terminal {
  #record;
  #callWithin;
  #call;
  #token = null;
  #clock = new ServerClock();

  /** @param {object} record from enrolment @param {() => string} language */
  constructor(record, language) {
    this.#record = record;
    this.#callWithin = (timeoutMs) => createApi({ request, language, bearer: () => this.#token?.value ?? null, timeoutMs,
      onAnswer: ({ body, date, sent, received }) => {
        const serverTime = body?.server_time ?? date;
        if (Number.isFinite(serverTime)) this.#clock.learn(serverTime, sent, received);
      } });
    this.#call = this.#callWithin(SCAN_TIMEOUT_MS);
  }

  /** @returns {number} seconds, by the server's clock as far as known */
  now() {
    return this.#clock.corrected(Date.now() / 1000);
  }

  /** @returns {Promise<object>} server time, trust-list version, scans today */
  state() {
    return this.authorised(() => this.#call("GET", "/scan/v1/state"));
  }

  /**
   * @param {{code: string, medicine?: {class: string, packages: number}, document_checked?: boolean}} shown
   * @param {string} key one per act; a second call with it is the same scan
   * @param {number} [timeoutMs] how long the person waits, where this terminal could decide by itself
   * @returns {Promise<object>} the decision
   */
  scan(shown, key, timeoutMs = SCAN_TIMEOUT_MS) {
    const path = `/scan/v1/${encodeURIComponent(this.#record.scene)}`;
    const call = this.#callWithin(timeoutMs);
    return this.authorised(() => call("POST", path, shown, { "Idempotency-Key": key }), call);
  }

  /** @returns {Promise<object>} what the policy in force offers at this counter; only some scenes have choices */
  choices() {
    return this.authorised(() => this.#call("GET", `/scan/v1/${encodeURIComponent(this.#record.scene)}/choices`));
  }

  /** @param {string} scan of this till @returns {Promise<{prescriptions: object[]}>} the holder's open prescriptions */
  prescriptions(scan) {
    return this.authorised(() => this.#call("GET", `/scan/v1/pharmacy/scans/${encodeURIComponent(scan)}/prescriptions`));
  }

  /** @param {object} body scan and items @param {string} key one per act @returns {Promise<object>} what was dispensed */
  redeem(body, key) {
    return this.authorised(() => this.#call("POST", "/scan/v1/pharmacy/redemptions", body, { "Idempotency-Key": key }));
  }

  /**
   * Makes a call that needs this terminal's token.
   *
   * @template T @param {(token: string) => Promise<T>} act @returns {Promise<T>} @throws {ApiError}
   */
  async authorised(act, call = this.#call) {
    if (this.#token === null || this.#token.until <= this.now()) await this.#fetchToken(call);
    try {
      return await act(this.#token.value);
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.#fetchToken(call);
      return act(this.#token.value);
    }
  }

  async #fetchToken(call) {
    this.#token = null;
    try {
      await this.#requestToken(call);
    } catch (error) {
      // The refusal carried the server's time; a wrong clock here is worth one more try.
      if (error.status !== 401 || !this.#clock.skewed) throw error;
      await this.#requestToken(call);
    }
  }

  async #requestToken(call) {
    const { terminal, issuer, privateKey } = this.#record;
    const iat = this.now();
    const assertion = await signJws(privateKey, { typ: "client-authentication+jwt" },
      { iss: terminal, sub: terminal, aud: issuer, iat, exp: iat + ASSERTION_SECONDS, jti: crypto.randomUUID() });
    const answer = await call("POST", "/oauth/token", String(new URLSearchParams({ grant_type: "client_credentials",
      client_assertion_type: ASSERTION, client_assertion: assertion, scope: "scan" })));
    this.#token = { value: answer.access_token, until: iat + answer.expires_in - TOKEN_MARGIN };
  }
}

/** Every call says which protocol this page speaks. */
function request(path, { headers, ...rest }) {
  return byFetch(path, { ...rest, headers: { ...headers, ...PROTOCOL } });
}
