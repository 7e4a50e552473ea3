import { expect, test } from "vitest";
import type { TemplateRef } from "../references";
import { byChannel, message, parametersOfTemplate, subjectOf } from "./message";

const template: TemplateRef = {
  uid: "t",
  name: "Order state",
  channel: "email",
  category: "transactional",
  state: "published",
  parameters: [
    { name: "state", label: "State" },
    { name: "coupon", optional: true },
  ],
  content: { subject: "Your order" },
};

test("another channel has a template, configuration, address and parameters of its own", () => {
  const node = {
    ...message.create(),
    label: "Mail",
    templateUid: "t",
    configurationUid: "c",
    address: "'a'",
    parameters: [{ paramPath: "state", expression: "'x'" }],
    ruleSet: "r",
  };
  expect(byChannel(node, "sms")).toEqual({
    type: "message",
    channel: "sms",
    label: "Mail",
    templateUid: "",
    ruleSet: "r",
  });
  expect(byChannel(node, "email")).toBe(node);
});

test("the best time goes with the channel only where it can be known there, too", () => {
  const timed = (optimizeFor: string) => ({
    ...message.create(),
    sendTimeOptimization: { optimizeFor, withinHours: 24 },
  });
  expect(byChannel(timed("opens"), "push").sendTimeOptimization).toEqual({ optimizeFor: "opens", withinHours: 24 });
  expect(byChannel(timed("clicks"), "push")).not.toHaveProperty("sendTimeOptimization");
  expect(byChannel(timed("opens"), "sms")).not.toHaveProperty("sendTimeOptimization");
});

test("a template's parameters are filled by their names", () => {
  expect(parametersOfTemplate(template)).toEqual([
    { paramPath: "state", label: "State", type: null, isOptional: false },
    { paramPath: "coupon", label: "coupon", type: null, isOptional: true },
  ]);
});

test("what a template is about", () => {
  expect(subjectOf(template)).toBe("Your order");
  expect(subjectOf({ ...template, content: { body: "Ready!" } })).toBe("Ready!");
});
