/** What WeChat gives to the wallet's core, see core/platform.js. */

import { ask, WeChatError } from "./call.js";
import { CLIENT } from "./city.js";
import { wechatKeys } from "./keys.js";
import { language } from "./preferences.js";
import { byWeChat } from "./request.js";
import { Session } from "./session.js";
import { wechatStore } from "./store.js";

/** How long WeChat may look for satellites. */
const LOCATE_MS = 10_000;
/** WeChat's own words where the person, or the guideline that they did not accept, forbids it. */
const FORBIDDEN = /auth|privacy/;

/** The mini-program as a platform; `visible` follows the app's own life. */
export class WeChatPlatform {
  keys = wechatKeys;
  request = byWeChat;
  client = CLIENT;
  language = language;
  session = new Session();

  #shown = true;
  #connected = true;
  #wake = () => {};

  constructor() {
    this.store = wechatStore(() => this.now());
    this.bearer = () => this.session.token;
    this.now = () => Date.now() / 1000;
    this.visible = () => this.#shown;
    this.online = () => this.#connected;
    this.resume = (account, call) => this.session.resume(account, call);
    this.exclusively = (act) => act();
  }

  /** @param {{wake: () => void, offline: () => void}} events */
  watch({ wake, offline }) {
    this.#wake = wake;
    wx.onNetworkStatusChange(({ isConnected }) => {
      this.#connected = isConnected;
      if (isConnected) wake();
      else offline();
    });
  }

  /** The mini-program came to the front, or left it. @param {boolean} shown */
  setShown(shown) {
    this.#shown = shown;
    if (shown) this.#wake();
  }

  /** @returns {Promise<import("./core/platform.js").Sight>} */
  async locate() {
    try {
      const { latitude, longitude, accuracy } = await ask("getLocation",
        { type: "wgs84", isHighAccuracy: true, highAccuracyExpireTime: LOCATE_MS });
      return { state: "found", latitude, longitude, accuracy };
    } catch (error) {
      if (!(error instanceof WeChatError)) throw error;
      return { state: FORBIDDEN.test(error.message) ? "denied" : "unknown" };
    }
  }

  /** @returns {string} */
  deviceName() {
    const { brand = "", model = "" } = wx.getDeviceInfo();
    return `WeChat on ${`${brand} ${model}`.trim() || "this device"}`.slice(0, 80);
  }

  /** Names, numbers and the session stay in memory; what is needed to show a code without network is kept. */
  remembered({ issuer, scenes, guide, algorithm, person, token = null }) {
    if (token !== null) this.session.renew(token);
    return { issuer, scenes, guide, algorithm, phone: "", person: person && {}, devices: [] };
  }
}
