/** Starts the wallet in a browser: the core on the browser's platform, and the screens on the core. */

import { canHoldKeys } from "../core/keys.js";
import { Wallet } from "../core/wallet.js";
import { keepForOffline } from "./offline.js";
import { openPlatform } from "./platform.js";
import { apply } from "./preferences.js";
import { Shell } from "./shell.js";

apply();
keepForOffline();
const root = document.getElementById("wallet");
const platform = canHoldKeys() ? await openOrNull() : null;
if (platform) {
  const app = new Wallet(platform);
  app.shell = new Shell(app);
  app.onChange = () => app.shell.update();
  app.shell.attach(root);
  await app.start();
} else {
  Shell.showUnsupported(root);
}

async function openOrNull() {
  try {
    return await openPlatform();
  } catch (error) {
    // Some private windows have IndexedDB and refuse to open it.
    console.warn("no store for keys", error.name);
    return null;
  }
}
