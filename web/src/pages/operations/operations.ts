/** What `GET /parcours/operations` tells; null where the server doesn't know. */
export interface Operations {
  /** Milliseconds since 1970. */
  at: number;
  received: number | null;
  landed: number | null;
  failed: number | null;
  pendingRecords: number | null;
  pendingSeconds: number | null;
  timersDue: number | null;
  timersLateSeconds: number | null;
  outbox: number | null;
  callsPerSecond: number | null;
  actions: ActionLine[];
  messages: { channel: string; counts: Record<string, number> }[];
  worker: string;
}

export interface ActionLine {
  id: string;
  name: string;
  calls: number | null;
  errors: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
}

/** A moment of the charts: rates by the second, made of two totals after one another. */
export interface Sample {
  at: number;
  values: Record<string, number | null>;
}

/** As many as five minutes have, one every two seconds. */
export const MOST_SAMPLES = 150;

type Json = Record<string, unknown>;
const json = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const numberOf = (...values: unknown[]): number | null => {
  const found = values.find((value) => typeof value === "number");
  return typeof found === "number" ? found : null;
};
const text = (value: unknown) => (typeof value === "string" ? value : "");

export function readOperations(answer: unknown): Operations {
  const body = json(answer);
  const events = json(body.events);
  const pending = json(events.pending);
  const timers = json(body.timers);
  const outbox = json(body.outbox);
  const at = typeof body.at === "string" ? Date.parse(body.at) : Date.now();
  return {
    at,
    received: numberOf(events.received),
    landed: numberOf(events.landed),
    failed: numberOf(events.failed),
    pendingRecords: numberOf(pending.records, events.pending),
    pendingSeconds: numberOf(pending.seconds),
    timersDue: numberOf(timers.due),
    timersLateSeconds: numberOf(timers.latenessSeconds),
    outbox: numberOf(outbox.depth, body.outbox),
    callsPerSecond: numberOf(outbox.callsPerSecond, body.callsPerSecond),
    actions: (Array.isArray(body.actions) ? body.actions : []).map((one, i) => {
      const action = json(one);
      return {
        id: text(action.actionUid) || text(action.name) || String(i),
        name: text(action.name) || text(action.actionUid),
        calls: numberOf(action.calls, action.executed),
        errors: numberOf(action.errors, action.inError),
        p50Ms: numberOf(action.p50Ms),
        p95Ms: numberOf(action.p95Ms),
      };
    }),
    messages: Object.entries(json(body.messages)).map(([channel, counts]) => ({
      channel,
      counts: Object.fromEntries(
        Object.entries(json(counts)).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
      ),
    })),
    worker: text(json(body.worker).state) || text(body.worker),
  };
}

/** By the second between two totals; null without a former one, or after a restart that began counting anew. */
function rate(before: number | null | undefined, after: number | null, seconds: number): number | null {
  if (before === null || before === undefined || after === null || seconds <= 0 || after < before) return null;
  return Math.round(((after - before) / seconds) * 10) / 10;
}

export function sampleOf(before: Operations | null, now: Operations): Sample {
  const seconds = before === null ? 0 : (now.at - before.at) / 1000;
  return {
    at: now.at,
    values: {
      received: rate(before?.received, now.received, seconds),
      landed: rate(before?.landed, now.landed, seconds),
      failed: rate(before?.failed, now.failed, seconds),
      pendingRecords: now.pendingRecords,
      pendingSeconds: now.pendingSeconds,
      timersDue: now.timersDue,
      timersLateSeconds: now.timersLateSeconds,
      outbox: now.outbox,
      callsPerSecond: now.callsPerSecond,
    },
  };
}

/** The samples with one more, the oldest dropped. */
export const withSample = (samples: readonly Sample[], sample: Sample): Sample[] =>
  [...samples, sample].slice(-MOST_SAMPLES);
