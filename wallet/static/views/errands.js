/** Errands: forms that halls ask for, visits, purchases of medicines with limits, prescriptions. */

import { closeApplication, consentToApplication, GRADES, listErrands, previewApplication,
  reviewVisit } from "../../core/errands.js";
import { h } from "../dom.js";
import { actionButton, choice, form } from "../forms.js";
import { dayAndTime, dayOf, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app */
export function errandsView(app) {
  const content = fetched({ testid: "errands" }, async () => {
    const { visits, applications, purchases, prescriptions } = await listErrands(app.call);
    return [part(t("errands.applications"), listOf(applications.map(applicationElement), t("errands.no_applications"))),
      part(t("errands.visits"), listOf(visits.map(visitElement), t("errands.no_visits"))),
      part(t("errands.prescriptions"), listOf(prescriptions.map(prescriptionElement), t("errands.no_prescriptions"))),
      part(t("errands.purchases"), h("p", { class: "hint" }, t("errands.purchases_why")),
        listOf(purchases.map(purchaseElement), t("errands.no_purchases")))];
  });

  function applicationElement(entry) {
    return h("article", { class: "row", testid: "application", "data-state": entry.state },
      h("p", {}, h("strong", {}, pick(entry.title)), " · ", entry.hall),
      h("p", { class: "hint" }, pick(entry.purpose), " · ", t(`errands.application.${entry.state}`)),
      entry.waits && h("a", { class: "button primary", href: `#application/${encodeURIComponent(entry.application)}`,
        testid: "application-open" }, t("errands.look")),
      entry.withdrawable && sure(t("record_consents.withdraw"),
        { testid: "application-withdraw", effect: t("errands.withdraw_effect"),
        yes: t("record_consents.withdraw_yes") },
        async () => {
          await closeApplication(app.call, entry.application, "withdrawn");
          await content.load();
        }));
  }

  function visitElement(visit) {
    return h("article", { class: "row", testid: "visit" }, h("p", {}, h("strong", {}, visit.number), " · ", visit.hall),
      h("p", {}, pick(visit.state_title), visit.window && ` · ${t("errands.window", { window: visit.window })}`,
        visit.before !== null && ` · ${t("errands.before", { count: visit.before })}`),
      visit.grade !== null && h("p", { class: "hint" }, t("errands.graded", { grade: visit.grade })),
        visit.reviewable && reviewForm(visit));
  }

  function reviewForm(visit) {
    return form({ testid: "review-form" }, async ({ grade }) => {
      await reviewVisit(app.call, visit.visit, Number(grade));
      await content.load();
    }, choice(t("errands.grade"), { id: `grade-${visit.visit}`, name: "grade", testid: "grade" },
      GRADES.map((grade) => [grade, t(`errands.grade.${grade}`)])),
    h("button", { class: "small", testid: "review-send" }, t("errands.review")));
  }

  return { element: page(t("menu.errands"), {}, h("p", { class: "hint" }, t("errands.why")), content.element) };
}

/**
 * Exactly what a hall would get, before the holder says yes.
 *
 * @param {object} app
 * @param {string[]} place the application
 */
export function applicationView(app, [id]) {
  const content = fetched({ testid: "application-preview" }, async () => {
    const preview = await previewApplication(app.call, id);
    const done = async (act) => {
      await act;
      app.shell.go("errands");
    };
    return [h("p", {}, h("strong", {}, preview.hall), t("colon"), pick(preview.purpose)),
      h("p", { class: "hint" }, t("errands.minutes", { minutes: preview.minutes })),
      h("dl", { class: "facts" }, preview.fields.flatMap(({ title, value }) => [h("dt", {}, pick(title)),
        h("dd", {}, value ?? t("errands.by_hand"))])),
      actionButton(t("errands.yes"), { class: "primary", testid: "application-yes" },
        () => done(consentToApplication(app.call, preview))),
      actionButton(t("errands.no"), { class: "plain", testid: "application-no" },
        () => done(closeApplication(app.call, id, "refused")))];
  });
  return { element: page(t("errands.preview"), { back: "errands", narrow: true },
    h("p", { class: "hint" }, t("errands.preview_why")), content.element) };
}

function prescriptionElement({ state, issued, expires, items }) {
  return h("article", { class: "row", testid: "prescription" },
    h("p", {}, h("strong", {}, t(`errands.prescription.${state}`)), " ",
    h("span", { class: "hint" }, t("errands.from_until", { from: dayOf(issued), until: dayOf(expires) }))),
  h("ul", {}, items.map(({ name, quantity, dispensed }) => h("li", {},
    t("errands.dispensed", { name, quantity, dispensed })))));
}

function purchaseElement({ at, place, title, packages, reversed }) {
  return h("article", { class: "row", testid: "purchase" }, h("p", {}, h("strong", {}, pick(title)), " · ",
    t("errands.packages", { packages })),
    h("p", { class: "hint" }, place, " · ", dayAndTime(at), reversed && ` · ${t("errands.reversed")}`));
}
