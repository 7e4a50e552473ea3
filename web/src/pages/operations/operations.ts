/** What `GET /parcours/operations` tells; null where the server doesn't say. */
export interface Operations {
  /** Milliseconds since 1970. */
  at: number;
  /** Of the last day, in the sandbox. */
  received: number | null;
  landed: number | null;
  failed: number | null;
  /** Accepted and not processed yet, in the sandbox. */
  pending: number | null;
  failedAtRest: number | null;
  waitingForLake: number | null;
  lakeLateSeconds: number | null;
  /** By the second, of the last minute. */
  rates: Record<(typeof RATES)[number], number | null>;
  /** Of the whole server, which all sandboxes share. */
  pendingLateSeconds: number | null;
  timersDue: number | null;
  timersLateSeconds: number | null;
  outbox: number | null;
  outboxLateSeconds: number | null;
  checks: Record<string, string>;
  actions: ActionLine[];
  messages: { channel: string; counts: Record<string, number> }[];
}

export const RATES = ["entered", "discarded", "failed", "calls", "callErrors"] as const;

export interface ActionLine {
  id: string;
  name: string;
  calls: number | null;
  errors: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  reasons: Record<string, number>;
}

/** A moment of the charts. */
export interface Sample {
  at: number;
  values: Record<string, number | null>;
}

/** As many as five minutes have, one every two seconds. */
export const MOST_SAMPLES = 150;

type Json = Record<string, unknown>;
const json = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
const text = (value: unknown) => (typeof value === "string" ? value : "");
const numbers = (value: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(json(value)).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );

/** now: milliseconds since 1970, for an answer that doesn't say when it was. */
export function readOperations(answer: unknown, now: number): Operations {
  const body = json(answer);
  const records = json(body.records);
  const lastDay = json(records.lastDay);
  const lake = json(records.waitingForLake);
  const rates = json(body.rates);
  const server = json(body.server);
  const [timers, outbox] = [json(server.timers), json(server.outbox)];
  return {
    at: typeof body.at === "string" ? Date.parse(body.at) : now,
    received: number(lastDay.received),
    landed: number(lastDay.landed),
    failed: number(lastDay.failed),
    pending: number(records.pending),
    failedAtRest: number(records.failedAtRest),
    waitingForLake: number(lake.count),
    lakeLateSeconds: number(lake.lateSeconds),
    rates: {
      entered: number(rates.entered),
      discarded: number(rates.discarded),
      failed: number(rates.failed),
      calls: number(rates.calls),
      callErrors: number(rates.callErrors),
    },
    pendingLateSeconds: number(json(server.pending).lateSeconds),
    timersDue: number(timers.due),
    timersLateSeconds: number(timers.lateSeconds),
    outbox: number(outbox.depth),
    outboxLateSeconds: number(outbox.lateSeconds),
    checks: Object.fromEntries(Object.entries(json(server.checks)).map(([part, state]) => [part, text(state)])),
    actions: (Array.isArray(body.actions) ? body.actions : []).map((one, i) => {
      const action = json(one);
      return {
        id: `${text(action.actionUid)} ${text(action.name) || i}`,
        name: text(action.name) || text(action.actionUid),
        calls: number(action.calls),
        errors: number(action.errors),
        p50Ms: number(action.p50Ms),
        p95Ms: number(action.p95Ms),
        reasons: numbers(action.reasons),
      };
    }),
    messages: Object.entries(json(body.messages)).map(([channel, counts]) => ({ channel, counts: numbers(counts) })),
  };
}

/** By the second between two counts of the last day; null without a former one, or where the older part fell out. */
function rate(before: number | null | undefined, after: number | null, seconds: number): number | null {
  if (before === null || before === undefined || after === null || seconds <= 0 || after < before) return null;
  return Math.round(((after - before) / seconds) * 10) / 10;
}

/** A sample of what is known now. before: what was known at the sample before it, and when that was taken. */
export function sampleOf(before: { now: Operations; at: number } | null, now: Operations, at: number): Sample {
  const seconds = before === null ? 0 : (at - before.at) / 1000;
  return {
    at,
    values: {
      received: rate(before?.now.received, now.received, seconds),
      landed: rate(before?.now.landed, now.landed, seconds),
      refused: rate(before?.now.failed, now.failed, seconds),
      pending: now.pending,
      pendingLateSeconds: now.pendingLateSeconds,
      timersDue: now.timersDue,
      timersLateSeconds: now.timersLateSeconds,
      outbox: now.outbox,
      outboxLateSeconds: now.outboxLateSeconds,
      ...now.rates,
    },
  };
}

/** The samples with one more, the oldest dropped. */
export const withSample = (samples: readonly Sample[], sample: Sample): Sample[] =>
  [...samples, sample].slice(-MOST_SAMPLES);
