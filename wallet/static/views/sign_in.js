/** Sign in: phone number, then the one-time password. */

import { h } from "../dom.js";
import { field, form } from "../forms.js";
import { t } from "../language.js";
import { helpLink } from "./page.js";

// Kept while the page lives, so that a change of language does not send a second message.
let challenge = null;

/** @param {object} app */
export function signInView(app) {
  const element = h("section", { class: "page narrow" });
  const show = () => element.replaceChildren(...(challenge === null ? phoneStep() : passwordStep()), helpLink());

  function phoneStep() {
    return [h("h2", {}, t("sign_in.title")), h("p", {}, t("sign_in.why")),
      form({ testid: "phone-form" }, async ({ phone }) => {
        challenge = { ...await app.account.requestMessage(phone), phone };
        show();
        element.querySelector("input").focus();
      }, field(t("sign_in.phone"), { name: "phone", type: "tel", inputmode: "numeric", autocomplete: "tel-national",
        maxlength: 11, testid: "phone" }),
      h("button", { class: "primary", testid: "send-message" }, t("sign_in.send")))];
  }

  function passwordStep() {
    const demo = document.body.dataset.demo === "1";
    return [h("h2", {}, t("sign_in.enter")), h("p", { testid: "message-sent" }, t("sign_in.sent", { phone: challenge.phone,
      minutes: Math.ceil(challenge.expires_in / 60) })),
    demo && h("p", {}, h("a", { href: "/demo/messages", target: "_blank", rel: "noopener", testid: "demo-messages" },
      t("sign_in.demo"))),
    form({ testid: "password-form" }, async ({ one_time_password: password }) => {
      await app.account.signIn(challenge.challenge, password);
      challenge = null;
      app.shell.render();
      await app.upkeep.now();
    }, field(t("sign_in.password"), { name: "one_time_password", type: "text", inputmode: "numeric",
      autocomplete: "one-time-code", maxlength: 6, testid: "one-time-password" }),
    h("button", { class: "primary", testid: "sign-in" }, t("sign_in.submit"))),
    h("button", { type: "button", class: "plain", testid: "other-phone", onclick: () => {
      challenge = null;
      show();
    } }, t("sign_in.other"))].filter(Boolean);
  }

  show();
  return { element };
}
