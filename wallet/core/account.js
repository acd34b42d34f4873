/** Who is signed in. Remembers the last answer, so that a reload without network still knows whose phone this is. */

const RECORD = "me";
const PATH = "/wallet/api/v1";

/** The signed-in person as the service describes them (`me`), or null. */
export class Account {
  #platform;
  #store;
  #call;

  /** The last known description; null when signed out. */
  me = null;
  /** The session ended on the server while this phone still holds good grants. */
  expired = false;

  /** @param {import("./platform.js").Platform} platform @param {Function} call */
  constructor(platform, call) {
    this.#platform = platform;
    this.#store = platform.store;
    this.#call = call;
  }

  /** @returns {boolean} the service itself described the person since the wallet was opened, and the session stands */
  get fresh() {
    return this.me?.session !== undefined && !this.expired;
  }

  async recall() {
    this.me = (await this.#store.get("settings", RECORD))?.value ?? null;
  }

  /** Takes up the session, or begins one, in the platform's own way. @throws {ApiError} sign_in_required */
  resume() {
    return this.#platform.resume(this, this.#call);
  }

  /**
   * @param {string} scene
   * @param {number} now seconds, corrected
   * @returns {string|null} why this phone gets no codes for a scene, as the wire name of a problem
   */
  obstacleOf(scene, now) {
    const found = this.me?.scenes?.find(({ name }) => name === scene);
    if (!found?.obstacle) return null;
    return found.obstacle_until !== null && found.obstacle_until <= now ? null : found.obstacle;
  }

  /** @throws {ApiError} */
  async fetchMe() {
    return this.take(await this.#call("GET", `${PATH}/me`));
  }

  /** @param {string} phone @returns {Promise<{challenge: string, expires_in: number, resend_in: number}>} */
  requestMessage(phone) {
    return this.#call("POST", `${PATH}/sign-in/messages`, { phone });
  }

  /** @param {string} challenge @param {string} password */
  async signIn(challenge, password) {
    return this.take(await this.#call("POST", `${PATH}/sign-in`, { challenge, one_time_password: password }));
  }

  /** @param {string} name @param {string} idNumber */
  async confirmRealName(name, idNumber) {
    return this.take(await this.#call("POST", `${PATH}/real-name`, { name, id_number: idNumber }));
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

  /** The service has described who is signed in. @param {object} me */
  async take(me) {
    this.me = me;
    this.expired = false;
    await this.#store.put("settings", { name: RECORD, value: this.#platform.remembered(me) });
    return me;
  }
}
