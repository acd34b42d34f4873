/** Family codes: for whom the holder may show codes, who may show theirs, asking, consenting and ending. */

import { askForTie, consentToTie, endTie, listTies, sendTieMessage, TIE_KINDS } from "../../core/family.js";
import { screen } from "../../screen.js";
import { dayOf, pick, t } from "../../words.js";

/** What lies over the list: one of two forms, or none. */
const CLOSED = { adding: false, challenge: "" };

Page(screen({
  title: "menu.family",
  data: { sides: [], closed: [], kinds: [], kind: TIE_KINDS[0], shares: false, ...CLOSED },

  async load() {
    const { call, family, upkeep } = this.wallet;
    const { dependants, guardians, closed, counts } = await listTies(call);
    await family.remember(dependants);
    upkeep.now();
    this.setData({ kinds: TIE_KINDS.map((value) => ({ value, title: t(`family.kind.${value}`) })), closed: closed.map(rowOf), sides: [
      { name: "dependants", title: t("family.dependants"), none: t("family.no_dependants"), ties: dependants.map(rowOf),
        limit: t("family.most_dependants", { count: counts.dependants, most: counts.mostDependants }) },
      { name: "guardians", title: t("family.guardians"), none: t("family.no_guardians"), ties: guardians.map(rowOf),
        limit: t("family.most_guardians", { count: counts.guardians, most: counts.mostGuardians }) },
    ] });
  },

  add() {
    this.typed = {};
    this.setData({ adding: true, problem: "" });
  },

  send() {
    return this.change(async () => {
      const { name = "", id_number: idNumber = "", certificate = "" } = this.typed;
      await askForTie(this.wallet.call, { kind: this.data.kind, name, idNumber, certificate });
      this.leave();
    });
  },

  askEnd({ currentTarget: { dataset: { id, name, end } } }) {
    this.sure({ title: end, effect: t("family.end_effect", { name }), yes: t("family.end_yes") }, async () => {
      await endTie(this.wallet.call, id);
      await this.wallet.family.forget(id);
      await this.load();
    });
  },

  askPassword({ currentTarget }) {
    return this.attempt(async () => {
      this.tie = currentTarget.dataset.id;
      this.typed = {};
      const { challenge } = await sendTieMessage(this.wallet.call, this.tie);
      this.setData({ challenge, shares: false });
    });
  },

  flipSharing() {
    this.setData({ shares: !this.data.shares });
  },

  consent() {
    return this.change(async () => {
      const { challenge, shares } = this.data;
      await consentToTie(this.wallet.call, this.tie, { challenge, password: this.typed.password ?? "", sharesRecords: shares });
      this.leave();
    });
  },

  leave() {
    this.setData({ ...CLOSED, problem: "" });
  },
}));

function rowOf({ id, name, kind, stateTitle, reason, until, canShow, canPrint, canConsent, active, side }) {
  const state = [pick(stateTitle), reason && pick(reason), until && t("family.until", { time: dayOf(until) })].filter(Boolean).join(" · ");
  return { id, name, query: `tie=${encodeURIComponent(id)}`, kind: pick(kind), state, canShow, canPrint, canConsent, consentWhy: t("family.consent_why", { name }),
    end: t(active ? "family.end" : side === "guardian" ? "family.take_back" : "family.refuse") };
}
