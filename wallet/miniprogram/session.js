/**
 * The session: begun by WeChat's own sign-in, carried as a token that lives in memory alone. A WeChat identity that is
 * bound to an account signs in unasked; one that is not yet is bound by the phone number, from WeChat or by message.
 */

import { ApiError, UNREACHABLE } from "./core/api.js";
import { ask, WeChatError } from "./call.js";
import { signedOut, setSignedOut } from "./preferences.js";
import { t } from "./words.js";

const PATH = "/wallet/api/v1/mini-program";

/** One per running mini-program. */
export class Session {
  #token = null;
  #ticket = null;

  /** @returns {string|null} */
  get token() {
    return this.#token;
  }

  /**
   * Signs in without asking the person, unless they signed out here.
   *
   * @param {import("./core/account.js").Account} account
   * @param {Function} call
   * @returns {Promise<object>} me
   * @throws {ApiError} sign_in_required when the identity is not bound, wechat_unavailable, unreachable
   */
  async resume(account, call) {
    if (signedOut()) throw signInRequired();
    return this.begin(account, call);
  }

  /** As `resume`, because the person asks for it. */
  async begin(account, call) {
    this.#token = null;
    const answer = await call("POST", `${PATH}/sign-in`, { login_code: await loginCode() });
    if (answer.token !== null) return this.#take(account, answer);
    this.#ticket = answer.ticket;
    throw signInRequired();
  }

  /**
   * Binds this WeChat identity to the account of a phone number.
   *
   * @param {import("./core/account.js").Account} account
   * @param {Function} call
   * @param {{phone_code: string}|{challenge: string, one_time_password: string}} proof that the number is the person's
   * @returns {Promise<object>} me
   * @throws {ApiError} ticket_refused, login_code_refused, one_time_password_refused, too_many_tries, wechat_unavailable
   */
  async bind(account, call, proof) {
    const ticket = this.#ticket ?? await this.#fetchTicket(account, call);
    // Whether it is taken or refused, a ticket is used up.
    this.#ticket = null;
    if (ticket === null) return account.me;
    return this.#take(account, await call("POST", `${PATH}/bindings`, { ticket, ...proof }));
  }

  /** The service has changed the session's secret. @param {string} token */
  renew(token) {
    this.#token = token;
  }

  /** The person signed out: the token is worth nothing any more, and they are not signed in unasked. */
  end() {
    this.#token = null;
    setSignedOut(true);
  }

  /** @returns {Promise<string|null>} null when the identity turns out to be bound, and is signed in */
  async #fetchTicket(account, call) {
    try {
      await this.begin(account, call);
    } catch (error) {
      if (error.code !== "sign_in_required") throw error;
    }
    return this.#ticket;
  }

  #take(account, { token, me }) {
    this.#token = token;
    setSignedOut(false);
    return account.take(me);
  }
}

/** Nobody asked the service, so there are no words of its own. */
function signInRequired() {
  return new ApiError({ status: 401, code: "sign_in_required", title: t("reason.sign_in_required") });
}

/** WeChat fails to log in for want of a network, or of its own server. */
async function loginCode() {
  try {
    return (await ask("login")).code;
  } catch (error) {
    if (error instanceof WeChatError) throw new ApiError({ status: 0, code: UNREACHABLE });
    throw error;
  }
}
