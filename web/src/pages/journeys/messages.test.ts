import { expect, test } from "vitest";
import { byChannel } from "./messages";

test("activities of one channel are added up", () => {
  const report = {
    nodes: {
      a: { sent: { messages: 3, events: 3 }, opened: { messages: 1, events: 4 } },
      b: { sent: { messages: 2, events: 2 } },
      gone: { sent: { messages: 1, events: 1 } },
    },
  };
  const document = { nodes: { a: { channel: "email" }, b: { channel: "email" } } };
  expect(byChannel(report, document)).toEqual({ email: { sent: 5, opened: 1 }, other: { sent: 1 } });
});
