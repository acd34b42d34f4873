/** Starts the wallet in WeChat: the core on WeChat's platform; pages listen to it. */

import { Wallet } from "./core/wallet.js";
import { removeFiles } from "./files.js";
import { WeChatPlatform } from "./platform.js";

const platform = new WeChatPlatform();
const wallet = new Wallet(platform);
const listeners = new Set();
wallet.onChange = () => listeners.forEach((listener) => listener());

App({
  wallet,
  /** Whether what this phone holds has been read, and the service asked once. */
  started: false,

  async onLaunch() {
    removeFiles();
    await wallet.start();
    this.started = true;
    wallet.changed();
  },

  onShow() {
    platform.setShown(true);
  },

  onHide() {
    platform.setShown(false);
    // What is not looked at is not kept on screen: it would be old when it is looked at again.
    wallet.show.hide();
  },

  /** @throws {ApiError} when the service could not be told, which must know that this phone's codes are dead */
  async signOut() {
    await wallet.signOut();
    platform.session.end();
    wallet.changed();
  },

  /** The person erased their account: the service knows, and nothing of it stays here. */
  async forget() {
    await wallet.forgetPerson();
    platform.session.end();
    wallet.changed();
  },

  /** @param {() => void} listener called at every change @returns {() => void} stops it */
  listen(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
});
