/** The terminal's calls: a short token by its own key, scans, and the heartbeat. Keeps the token in memory only. */

import { createApi } from "/wallet/core/api.js";
import { ServerClock } from "/wallet/core/clock.js";
import { byFetch } from "/wallet/core/fetch.js";
import { signJws } from "/wallet/core/keys.js";

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS = 50;
/** A token this close to its end is not used any more. */
const TOKEN_MARGIN = 30;
/** A person waits at the gate; after this the scanner says that it cannot tell. */
const SCAN_TIMEOUT_MS = 6000;

/** One enrolled terminal. */
export class Terminal {
  #record;
  #call;
  #token = null;
  #clock = new ServerClock();

  /** @param {object} record from enrolment @param {() => string} language */
  constructor(record, language) {
    this.#record = record;
    this.#call = createApi({ request: byFetch, language, bearer: () => this.#token?.value ?? null, timeoutMs: SCAN_TIMEOUT_MS,
      onAnswer: ({ body, date, sent, received }) => {
        const serverTime = body?.server_time ?? date;
        if (Number.isFinite(serverTime)) this.#clock.learn(serverTime, sent, received);
      } });
  }

  /** @returns {number} seconds, by the server's clock as far as known */
  now() {
    return this.#clock.corrected(Date.now() / 1000);
  }

  /** @returns {Promise<object>} server time, trust-list version, scans today */
  state() {
    return this.#authorised(() => this.#call("GET", "/scan/v1/state"));
  }

  /**
   * @param {{code: string, medicine?: {class: string, packages: number}, document_checked?: boolean}} shown
   * @param {string} key one per act; a second call with it is the same scan
   * @returns {Promise<object>} the decision
   */
  scan(shown, key) {
    const path = `/scan/v1/${encodeURIComponent(this.#record.scene)}`;
    return this.#authorised(() => this.#call("POST", path, shown, { "Idempotency-Key": key }));
  }

  /** @returns {Promise<object>} what the policy in force offers at this counter; only some scenes have choices */
  choices() {
    return this.#authorised(() => this.#call("GET", `/scan/v1/${encodeURIComponent(this.#record.scene)}/choices`));
  }

  /** @param {string} scan of this till @returns {Promise<{prescriptions: object[]}>} the holder's open prescriptions */
  prescriptions(scan) {
    return this.#authorised(() => this.#call("GET", `/scan/v1/pharmacy/scans/${encodeURIComponent(scan)}/prescriptions`));
  }

  /** @param {object} body scan and items @param {string} key one per act @returns {Promise<object>} what was dispensed */
  redeem(body, key) {
    return this.#authorised(() => this.#call("POST", "/scan/v1/pharmacy/redemptions", body, { "Idempotency-Key": key }));
  }

  async #authorised(act) {
    if (this.#token === null || this.#token.until <= this.now()) await this.#fetchToken();
    try {
      return await act();
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.#fetchToken();
      return act();
    }
  }

  async #fetchToken() {
    this.#token = null;
    try {
      await this.#requestToken();
    } catch (error) {
      // The refusal carried the server's time; a wrong clock here is worth one more try.
      if (error.status !== 401 || !this.#clock.skewed) throw error;
      await this.#requestToken();
    }
  }

  async #requestToken() {
    const { terminal, issuer, privateKey } = this.#record;
    const iat = this.now();
    const assertion = await signJws(privateKey, { typ: "client-authentication+jwt" },
      { iss: terminal, sub: terminal, aud: issuer, iat, exp: iat + ASSERTION_SECONDS, jti: crypto.randomUUID() });
    const answer = await this.#call("POST", "/oauth/token", String(new URLSearchParams({ grant_type: "client_credentials",
      client_assertion_type: ASSERTION, client_assertion: assertion, scope: "scan" })));
    this.#token = { value: answer.access_token, until: iat + answer.expires_in - TOKEN_MARGIN };
  }
}
