/** How loud: a choice, and on the page in words, because a silent device looks like any other. */

import { remember } from "./memory.js";
import { announce, mayMakeNoise, volume, VOLUMES } from "./sounds.js";
import { t } from "./words.js";

const choice = document.getElementById("volume");

/** Fills the choice. */
export function joinVolume() {
  choice.replaceChildren(...Object.keys(VOLUMES).map((name) => new Option("", name)));
  choice.value = volume();
  choice.addEventListener("change", () => {
    remember("volume", choice.value);
    writeVolume();
    announce("accepted");
  });
  // Once: a hand scanner presses hundreds of keys in a moment.
  for (const touch of ["keydown", "pointerup"]) document.addEventListener(touch, writeVolume, { once: true });
}

/** Writes the words anew, also after a change of language. */
export function writeVolume() {
  for (const option of choice.options) option.textContent = t(`volume.${option.value}`);
  const chosen = volume();
  document.getElementById("sound-state").textContent = chosen === "off" || mayMakeNoise()
    ? t("volume.state", { volume: t(`volume.${chosen}`) }) : t("sound.hint");
}
