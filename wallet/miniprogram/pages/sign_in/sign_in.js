/** Sign in: WeChat's phone number, or a one-time password by message. */

import { ApiError } from "../../core/api.js";
import { elder, language, setElder, setLanguage, setSignedOut, signedOut } from "../../preferences.js";
import { screen } from "../../screen.js";
import { t } from "../../words.js";

Page(screen({
  title: "sign_in.title",
  place: "/pages/sign_in/sign_in",
  data: { known: false, sent: false, sentWords: "" },

  tell() {
    this.setData({ known: signedOut(), sentWords: this.sent ? t("sign_in.sent", this.sent) : "" });
  },

  /** Somebody who signed out here comes back: their WeChat identity may still be bound. */
  enter() {
    return this.attempt(() => this.finish(async ({ session }, account, call) => {
      try {
        await session.begin(account, call);
      } catch (error) {
        if (error.code !== "sign_in_required") throw error;
        setSignedOut(false);
        this.refresh();
      }
    }));
  },

  bindPhone({ detail: { code } }) {
    return this.attempt(() => this.finish(({ session }, account, call) => {
      if (!code) throw new ApiError({ status: 0, code: "phone_not_shared", title: t("wechat.declined") });
      return session.bind(account, call, { phone_code: code });
    }));
  },

  send() {
    return this.attempt(async () => {
      const { challenge, expires_in: life } = await this.wallet.account.requestMessage(this.typed.phone ?? "");
      this.challenge = challenge;
      this.sent = { phone: this.typed.phone, minutes: Math.ceil(life / 60) };
      this.setData({ sent: true });
      this.refresh();
    });
  },

  signIn() {
    return this.attempt(() => this.finish(({ session }, account, call) =>
      session.bind(account, call, { challenge: this.challenge, one_time_password: this.typed.one_time_password ?? "" })));
  },

  another() {
    this.challenge = null;
    this.setData({ sent: false, problem: "" });
  },

  /** Signs in by `act`, and leaves this page if that gave a person. */
  async finish(act) {
    const { account, call, platform, upkeep } = this.wallet;
    await act(platform, account, call);
    if (account.me === null) return;
    this.refresh();
    await upkeep.now();
  },

  switchElder() {
    setElder(!elder());
    this.dress();
  },

  switchLanguage() {
    setLanguage(language() === "zh" ? "en" : "zh");
    this.dress();
    this.refresh();
  },
}));
