/** Who is signed in. Remembers the last answer, so that a reload without network still knows whose phone this is. */

const RECORD = "me";
const PATH = "/wallet/api/v1";

/** The signed-in person as the service describes them (`me`), or null. */
export class Account {
  #store;
  #call;

  /** The last known description; null when signed out. */
  me = null;
  /** The session ended on the server while this phone still holds good grants. */
  expired = false;

  /** @param {import("/wallet/core/store.js").Store} store @param {Function} call */
  constructor(store, call) {
    this.#store = store;
    this.#call = call;
  }

  async recall() {
    this.me = (await this.#store.get("settings", RECORD))?.value ?? null;
  }

  /** @throws {ApiError} */
  async fetchMe() {
    return this.#take(await this.#call("GET", `${PATH}/me`));
  }

  /** @param {string} phone @returns {Promise<{challenge: string, expires_in: number, resend_in: number}>} */
  requestMessage(phone) {
    return this.#call("POST", `${PATH}/sign-in/messages`, { phone });
  }

  /** @param {string} challenge @param {string} password */
  async signIn(challenge, password) {
    return this.#take(await this.#call("POST", `${PATH}/sign-in`, { challenge, one_time_password: password }));
  }

  /** @param {string} name @param {string} idNumber */
  async confirmRealName(name, idNumber) {
    return this.#take(await this.#call("POST", `${PATH}/real-name`, { name, id_number: idNumber }));
  }

  /** Ends the session on the server. */
  async signOut() {
    await this.#call("POST", `${PATH}/sign-out`, {});
    await this.forget();
  }

  async forget() {
    this.me = null;
    this.expired = false;
    await this.#store.remove("settings", RECORD);
  }

  async #take(me) {
    this.me = me;
    this.expired = false;
    // The CSRF token and the session's name are worth nothing after this page; they are not written down.
    const { csrf, session, ...kept } = me;
    await this.#store.put("settings", { name: RECORD, value: kept });
    return me;
  }
}
