import { expect, test } from "vitest";
import { MOST_SAMPLES, readOperations, type Sample, sampleOf, withSample } from "./operations";

const told = (received: number) =>
  readOperations(
    {
      at: "2026-01-31T12:00:00.000Z",
      records: { pending: 3, lastDay: { received, landed: received, failed: 0 } },
      rates: { calls: 1.5 },
      server: { checks: { worker: "ok" }, timers: { due: 2, lateSeconds: 0.4 } },
      messages: { email: { sent: 4 } },
    },
    0,
  );

test("rates are made of two counts after one another", () => {
  const sample = sampleOf({ now: told(100), at: 1_000 }, told(150), 3_000);
  expect(sample).toMatchObject({
    at: 3_000,
    values: { received: 25, refused: 0, pending: 3, calls: 1.5, timersDue: 2 },
  });
});

test("the first moment has no rate, nor has one after which the count is less", () => {
  expect(sampleOf(null, told(10), 1_000).values.received).toBeNull();
  expect(sampleOf({ now: told(100), at: 1_000 }, told(10), 3_000).values.received).toBeNull();
});

test("what the server doesn't tell is nothing, not zero", () => {
  expect(readOperations({}, 7)).toMatchObject({
    at: 7,
    received: null,
    outbox: null,
    actions: [],
    messages: [],
    checks: {},
  });
});

test("only the last five minutes are kept", () => {
  let samples: Sample[] = [];
  for (let at = 0; at < MOST_SAMPLES + 5; at++) samples = withSample(samples, { at, values: {} });
  expect([samples.length, samples[0]?.at]).toEqual([MOST_SAMPLES, 5]);
});
