/** Screen light while a code is shown: as bright as it goes and awake, and afterwards as it was. */

import { ask, WeChatError } from "./call.js";

const BRIGHTEST = 1;
let before = null;

/** @returns {Promise<void>} resolves also when the phone does not let it */
export async function brighten() {
  await leniently(async () => {
    await ask("setKeepScreenOn", { keepScreenOn: true });
    const { value } = await ask("getScreenBrightness");
    before ??= value;
    await ask("setScreenBrightness", { value: BRIGHTEST });
  });
}

/** Gives the person's own brightness back, and lets the screen go dark. @returns {Promise<void>} */
export async function dim() {
  await leniently(async () => {
    await ask("setKeepScreenOn", { keepScreenOn: false });
    if (before !== null) await ask("setScreenBrightness", { value: before });
    before = null;
  });
}

async function leniently(act) {
  try {
    await act();
  } catch (error) {
    // A code can be shown on a dim screen too.
    if (!(error instanceof WeChatError)) throw error;
  }
}
