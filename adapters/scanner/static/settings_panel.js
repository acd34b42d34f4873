/** The settings as a panel of their own: over the page on a small screen, beside the camera on a wide one. */

import { readLink, writeLink } from "./enrolment.js";
import { t } from "./words.js";

const part = (id) => document.getElementById(id);

/** Opens and closes; what is in it belongs to other modules, but for enrolling anew and what the browser promised. */
export class SettingsPanel {
  #kept = null;

  /** @param {import("./lock_panel.js").LockPanel} lock a locked page has no settings */
  constructor(lock) {
    part("settings-open").hidden = false;
    part("settings-open").addEventListener("click", () => this.#show(part("settings").hidden));
    part("settings-close").addEventListener("click", () => this.#show(false));
    part("settings").addEventListener("keydown", (event) => event.key === "Escape" && this.#show(false));
    part("enrol-anew").addEventListener("submit", (event) => enrolAnew(event));
    lock.onClosed = () => this.#show(false);
  }

  /** @param {boolean} kept whether the browser keeps the page's data also when its disk is full */
  tellKept(kept) {
    this.#kept = kept;
    this.write();
  }

  /** Writes the words anew, also after a change of language. */
  write() {
    part("storage-said").textContent = this.#kept === null ? "" : t(this.#kept ? "storage.kept" : "storage.may_go");
  }

  #show(open) {
    if (part("settings").hidden === !open) return;
    part("settings").hidden = !open;
    part("settings-open").setAttribute("aria-expanded", String(open));
    if (open) part("settings-close").focus();
    else if (!document.body.hasAttribute("data-locked")) part("settings-open").focus();
  }
}

function enrolAnew(event) {
  event.preventDefault();
  const link = readLink(part("enrol-anew-link").value.split("#")[1] ?? "");
  part("enrol-anew").reset();
  part("enrol-anew-problem").textContent = link ? "" : t("enrol.bad_link");
  if (!link) return;
  // The same way as opening the link; a start takes it out of the address at once.
  history.replaceState(null, "", writeLink(link));
  location.reload();
}
