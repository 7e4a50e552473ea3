import { expect, test } from "vitest";
import { configurationBody, EMPTY_CONFIGURATION, MASK } from "./providers";

test("what is empty, or of another kind of provider, is left out; a stored secret stays masked", () => {
  const body = configurationBody({
    ...EMPTY_CONFIGURATION,
    provider: {
      kind: "smtp",
      settings: { host: "h", port: Number.NaN, password: MASK, username: "", accountSid: "of Twilio" },
    },
    sender: { address: "a@b.c", name: "", from: "+33" },
    feedbackSecret: "",
  });
  expect(body.provider).toEqual({ kind: "smtp", settings: { host: "h", password: MASK } });
  expect(body.sender).toEqual({ address: "a@b.c" });
  expect(body.feedbackSecret).toBeNull();
});

test("only e-mails are tracked", () => {
  const sms = configurationBody({
    ...EMPTY_CONFIGURATION,
    channel: "sms",
    provider: { kind: "twilio", settings: { stopWords: [], receipts: false, maxSegments: 3 } },
  });
  expect(sms.provider.settings).toEqual({ receipts: false, maxSegments: 3 });
  expect(sms.tracking).toEqual({ opens: false, links: false });
});
