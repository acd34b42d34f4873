/** One card: details, copies for one purpose, what is wrong in it, and its loss. */

import { listCards } from "../../core/cards.js";
import { COPY_DAYS, LONGEST_TEXT, listCopies, makeCopy, USUAL_DAYS } from "../../core/copies.js";
import { askForCorrection, listCorrections, LONGEST_CORRECTION } from "../../core/corrections.js";
import { h } from "../dom.js";
import { area, choice, field, form } from "../forms.js";
import { dayAndTime, dayOf, pick, t } from "../language.js";
import { cardFoot, HIDDEN } from "./cards.js";
import { fetched, listOf } from "./fetched.js";
import { saveButton } from "./files.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app @param {string[]} place the card's identifier */
export function cardView(app, [id]) {
  const content = fetched({ testid: "card-page" }, async () => {
    const card = (await listCards(app.call)).find((entry) => entry.id === id);
    if (!card) return h("p", {}, t("cards.gone"));
    const asked = (await listCorrections(app.call)).get(id) ?? [];
    return [face(card), card.copyable && copiesPart(card, await listCopies(app.call, id)),
      correctionsPart(card, asked)];
  });

  function face(card) {
    const number = h("p", { class: "number", testid: "card-number" }, HIDDEN);
    const eye = h("button", { type: "button", class: "small", testid: "card-eye", "aria-pressed": "false",
      onclick: () => {
        const shown = number.textContent === HIDDEN;
        number.textContent = shown ? card.number : HIDDEN;
        eye.setAttribute("aria-pressed", String(shown));
        eye.textContent = t(shown ? "cards.hide" : "cards.show");
      } }, t("cards.show"));
    return h("div", { class: `card ${card.good ? "" : "card-bad"}` }, h("h3", {}, pick(card.title)), number,
      cardFoot(card), h("p", { class: "card-acts" }, eye));
  }

  function copiesPart(card, copies) {
    const made = h("div", { "aria-live": "polite", testid: "copy-made" });
    const text = (key, name) => field(t(key), { name, maxlength: LONGEST_TEXT, autocomplete: "off",
      testid: `copy-${name}` });
    return part(t("copies.title"), h("p", { class: "hint" }, t("copies.why")),
      h("details", { class: "fold inner" }, h("summary", { testid: "copy-open" }, t("copies.make")),
        form({ testid: "copy-form", autocomplete: "off" }, async ({ requester, purpose, days }) => {
          const copy = await makeCopy(app.call, card.id, { requester, purpose, days: Number(days) });
          made.replaceChildren(h("p", { class: "notice good-notice" },
            t("copies.made", { time: dayAndTime(copy.expires) })),
            saveButton(t("copies.save"), { name: `copy-${copy.id.slice(0, 8)}.cose`, type: "application/cose",
              bytes: copy.bytes, testid: "copy-save" }));
        }, text("copies.requester", "requester"), text("copies.purpose", "purpose"),
        choice(t("copies.days"), { name: "days", testid: "copy-days" },
          COPY_DAYS.map((days) => [days, t("days", { days })]), USUAL_DAYS),
        h("button", { class: "primary", testid: "copy-make" }, t("copies.make")))), made,
      listOf(copies.map((copy) => h("article", { class: "row", testid: "copy" },
        h("p", {}, h("strong", {}, copy.requester), " · ", copy.purpose),
        h("p", { class: "hint" }, t("copies.until", { time: dayAndTime(copy.expires) })))), t("copies.none")));
  }

  function correctionsPart(card, asked) {
    return part(t("corrections.title"), h("p", { class: "hint" }, t("corrections.why")),
      listOf(asked.map(correctionElement), t("corrections.none")),
      h("details", { class: "fold inner" }, h("summary", { testid: "correction-open" }, t("corrections.ask")),
        form({ testid: "correction-form" }, async ({ text }) => {
          await askForCorrection(app.call, card.id, text);
          await content.load();
        }, area(t("corrections.text"), { name: "text", maxlength: LONGEST_CORRECTION, testid: "correction-text" }),
        h("button", { class: "primary", testid: "correction-send" }, t("corrections.send")))),
      sure(t("cards.lost"), { testid: "card-lost", look: "plain", effect: t("cards.lost_effect"),
        yes: t("cards.lost_yes") }, async () => {
          await askForCorrection(app.call, card.id, t("cards.lost_text"));
          await content.load();
        }));
  }

  return { element: page(t("cards.one"), { back: "cards" }, content.element) };
}

function correctionElement({ text, at, due, state, reply }) {
  return h("article", { class: "row", testid: "correction", "data-state": state }, h("p", {}, text),
    h("p", { class: "hint" }, t(`corrections.state.${state}`), " · ", dayAndTime(at),
      state === "open" && ` · ${t("corrections.due", { time: dayOf(due) })}`),
        reply && h("p", {}, t("corrections.reply"), t("colon"), reply));
}
