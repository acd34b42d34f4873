/** Every place of the wallet with its view. A view is (app, rest of the place) => {element, update?, leave?}. */

import { cardView } from "./views/card.js";
import { cardsView } from "./views/cards.js";
import { codeView } from "./views/code.js";
import { dataView } from "./views/data.js";
import { devicesView } from "./views/devices.js";
import { digitView } from "./views/digit.js";
import { applicationView, errandsView } from "./views/errands.js";
import { familyAskView, familyView } from "./views/family.js";
import { familyCodeView } from "./views/family_code.js";
import { healthView } from "./views/health.js";
import { healthRecordsView } from "./views/health_records.js";
import { helpView } from "./views/help.js";
import { homeView } from "./views/home.js";
import { meView } from "./views/me.js";
import { messagesView } from "./views/messages.js";
import { paperView } from "./views/paper.js";
import { placeView } from "./views/place.js";
import { privacyView } from "./views/privacy.js";
import { recordsView, recordView } from "./views/records.js";
import { settingsView } from "./views/settings.js";

/** Places of the tabs, in their order. */
export const TABS = ["code", "cards", "messages", "records", "me"];
/** In elder mode few things stand below: the way home, and the code. */
export const ELDER_TABS = ["home", "code"];

/** Places that can be read before signing in and without network. */
export const OPEN_SCREENS = { help: helpView, settings: settingsView };

export const SCREENS = {
  ...OPEN_SCREENS, application: applicationView, card: cardView, cards: cardsView, code: codeView, data: dataView,
  devices: devicesView, digit: digitView, errands: errandsView, family: familyView, "family-ask": familyAskView,
  "family-code": familyCodeView, health: healthView, "health-records": healthRecordsView, home: homeView, me: meView,
  messages: messagesView, paper: paperView, place: placeView, privacy: privacyView, record: recordView,
  records: recordsView,
};
