import { expect, test } from "vitest";
import { MOST_SAMPLES, readOperations, type Sample, sampleOf, withSample } from "./operations";

const told = (at: string, received: number) =>
  readOperations({ at, events: { received, landed: received, failed: 0, pending: { records: 3, seconds: 0.2 } } });

test("rates are made of two totals after one another", () => {
  const before = told("2026-01-31T12:00:00Z", 100);
  const now = told("2026-01-31T12:00:02Z", 150);
  expect(sampleOf(before, now).values).toMatchObject({ received: 25, failed: 0, pendingRecords: 3 });
});

test("the first moment and a restart have no rate", () => {
  const now = told("2026-01-31T12:00:02Z", 10);
  expect(sampleOf(null, now).values.received).toBeNull();
  expect(sampleOf(told("2026-01-31T12:00:00Z", 100), now).values.received).toBeNull();
});

test("what the server doesn't tell is nothing, not zero", () => {
  expect(readOperations({})).toMatchObject({ received: null, outbox: null, actions: [], messages: [], worker: "" });
});

test("only the last five minutes are kept", () => {
  let samples: Sample[] = [];
  for (let at = 0; at < MOST_SAMPLES + 5; at++) samples = withSample(samples, { at, values: {} });
  expect([samples.length, samples[0]?.at]).toEqual([MOST_SAMPLES, 5]);
});
