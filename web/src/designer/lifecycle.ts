import { api, read } from "@/api/client";
import type { JourneyVersion, Status } from "./version";

export type Verb = "publish" | "pause" | "resume" | "close" | "stop";

interface Act {
  verb: Verb;
  permission: string;
  /** Looks like something that can't be taken back. */
  isGrave?: boolean;
}

const WRITE = "journeys.write";
const PUBLISH = "journeys.publish";
const publish: Act = { verb: "publish", permission: PUBLISH };
const pause: Act = { verb: "pause", permission: PUBLISH };
const resume: Act = { verb: "resume", permission: PUBLISH };
const close: Act = { verb: "close", permission: WRITE };
const stop: Act = { verb: "stop", permission: WRITE, isGrave: true };

/** What can be done with a version of a status, the usual first; tests and dry runs have panels of their own. */
export const ACTS: Record<Status, Act[]> = {
  Draft: [publish],
  Testing: [],
  "In Review": [],
  "Dry Run": [],
  Deployed: [pause, close, stop],
  Paused: [resume, stop],
  Closed: [stop],
  Stopped: [],
  Finished: [],
};

const BASE = "/journey/orchestration/journeyVersions/{uid}";

/** Do it; the version as it is then. Throws ApiError. */
export function act(uid: string, verb: Verb): Promise<JourneyVersion> {
  const at = { params: { path: { uid } } };
  switch (verb) {
    case "publish":
      return read(api.POST(`${BASE}/publish`, at));
    case "resume":
      return read(api.POST(`${BASE}/resume`, at));
    case "close":
      return read(api.POST(`${BASE}/close`, at));
    case "stop":
      return read(api.POST(`${BASE}/stop`, at));
    case "pause":
      return read(api.POST(`${BASE}/pause`, { ...at, body: {} }));
  }
}
