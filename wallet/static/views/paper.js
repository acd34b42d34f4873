/** Paper codes: those that count, printing one (the earlier dies), taking it along as a file, revoking a lost one. */

import { listPapers, printPaper, revokePaper } from "../../core/papers.js";
import { listTies } from "../../core/family.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { dayAndTime, dayOf, t } from "../language.js";
import { pictureOf, saveButton } from "./files.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app @param {string[]} place the tie of the one it is for; none for oneself */
export function paperView(app, [tie = null]) {
  const made = h("div", { testid: "paper-made", "aria-live": "polite" });
  const content = fetched({ testid: "papers" }, async () => {
    const papers = await listPapers(app.call);
    const name = tie === null ? app.account.me.person.name : (await nameOf(tie)) ?? "";
    const before = papers.some((paper) => paper.tie === tie);
    return [sure(t("paper.print", { name }), { testid: "print", look: "primary", tone: "primary",
      yes: t("paper.print_yes"),
      effect: t(before ? "paper.reprint_effect" : "paper.print_effect") }, async () => {
        const paper = await printPaper(app.call, tie);
        await content.load();
        made.replaceChildren(sheet(paper));
        made.scrollIntoView({ block: "start" });
      }), part(t("paper.list"), listOf(papers.map(paperElement), t("paper.none")))];
  });

  async function nameOf(id) {
    return (await listTies(app.call)).dependants.find((dependant) => dependant.id === id)?.name;
  }

  function paperElement(paper) {
    return h("article", { class: "row", testid: "paper" }, h("p", {}, icon("paper"), h("strong", {}, paper.name)),
      h("p", { class: "hint" }, t("paper.since", { from: dayAndTime(paper.issued), until: dayOf(paper.expires) })),
      sure(t("paper.lost"), { testid: "revoke-paper", effect: t("paper.lost_effect"), yes: t("paper.lost_yes") },
        async () => {
          await revokePaper(app.call, paper);
          made.replaceChildren();
          await content.load();
        }));
  }

  return { element: page(t("menu.paper"), { back: tie === null ? "me" : "family" },
    h("p", { class: "hint screen-only" }, t("paper.why")), made, content.element) };
}

/** What is printed; it is given once and kept nowhere. */
function sheet({ name, expires, png, pdf }) {
  const until = dayOf(expires);
  return h("section", { class: "sheet" }, h("h3", {}, t("paper.title")),
    pictureOf(png, t("paper.symbol", { name }), { testid: "paper-picture", class: "paper-picture" }),
    h("p", { class: "sheet-name" }, name), h("p", {}, t("paper.good", { until })), h("p", {}, t("paper.with_document")),
    h("div", { class: "screen-only stack" }, h("p", { class: "notice warn" }, t("paper.once")),
      h("button", { type: "button", class: "primary", testid: "paper-to-printer", onclick: () => window.print() },
        icon("paper"), t("paper.to_printer")),
      pdf && saveButton(t("paper.save_pdf"), { name: "city-code.pdf", type: "application/pdf", bytes: pdf,
        testid: "paper-pdf" }),
      saveButton(t("paper.save_png"), { name: "city-code.png", type: "image/png", bytes: png, testid: "paper-png" })));
}
