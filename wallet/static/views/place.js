/**
 * Scanning the poster of a place: by the camera, or by typing its digits. Only an entry in one's own records follows.
 */

import { listPassages, outcomeWords, recordPassage, WAYS } from "../../core/passages.js";
import { posterText } from "../../core/poster.js";
import { h, toggle } from "../dom.js";
import { area, choice, form } from "../forms.js";
import { icon } from "../icons.js";
import { dayAndTime, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";

/** @param {object} app */
export function placeView(app) {
  const video = h("video", { class: "camera", muted: true, playsinline: true, testid: "camera", hidden: true,
    "aria-label": t("place.camera") });
  const said = h("p", { class: "notice", role: "status", testid: "place-said", hidden: true });
  const way = choice(t("place.way"), { name: "way", testid: "way" },
    WAYS.map((name) => [name, t(`place.way.${name}`)]));
  const open = h("button", { type: "button", class: "primary", testid: "camera-open", onclick: look }, icon("camera"),
    t("place.scan"));
  const passages = fetched({ testid: "passages" },
    async () => listOf((await listPassages(app.call)).map(passageElement), t("place.none")));
  let camera = null;

  async function look() {
    // The reader is large and most people never scan a poster: it is fetched now, and not before.
    const { Camera } = await import("../camera.js");
    camera = new Camera(video, (text) => found(text));
    toggle(video, true);
    toggle(open, false);
    const state = await camera.start();
    if (state === "running") return;
    stop();
    say(t(`place.camera.${state}`), "warn");
  }

  function stop() {
    camera?.stop();
    camera = null;
    toggle(video, false);
    toggle(open, true);
  }

  async function found(text) {
    const poster = posterText(text);
    stop();
    if (poster === null) say(t("place.no_poster"), "warn");
    else typing.querySelector("textarea").value = poster;
    if (poster !== null) typing.requestSubmit();
  }

  function say(words, tone) {
    said.className = `notice ${tone}`;
    said.textContent = words;
    toggle(said, true);
    // What was typed stands below; large text puts a screen between.
    said.scrollIntoView({ block: "nearest" });
  }

  const typing = form({ testid: "poster-form", autocomplete: "off" }, async ({ poster, way: passage }) => {
    const text = posterText(poster);
    if (text === null) {
      say(t("place.no_poster"), "warn");
      return;
    }
    toggle(said, false);
    const outcome = await recordPassage(app, { poster: text, passage }, () => say(t("place.here.asking"), ""))
      .finally(() => toggle(said, false));
    say(outcomeWords({ t, dayAndTime }, outcome), outcome.state === "recorded" ? "good-notice" : "warn");
    if (outcome.state === "recorded") await passages.load();
  }, way, area(t("place.digits"), { name: "poster", inputmode: "numeric", maxlength: 700, spellcheck: "false",
    testid: "poster-text" }, t("place.digits_hint")),
  h("button", { class: "plain", testid: "poster-send" }, t("place.send")));

  return { leave: stop, element: page(t("menu.place"), {}, h("p", { class: "hint" }, t("place.why")), said, video, open,
    typing,
    part(t("place.list"), passages.element)) };
}

function passageElement({ name, passage, at }) {
  return h("article", { class: "row", testid: "passage" }, h("p", {}, h("strong", {}, name), " · ",
    t(`place.way.${passage}`)),
    h("p", { class: "hint" }, dayAndTime(at)));
}
