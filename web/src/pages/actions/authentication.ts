import {
  type AUTHENTICATIONS,
  type AuthenticationDocument,
  type BODY_TYPES,
  type CACHES,
  type LOCATIONS,
  MASK,
  type TIME_UNITS,
  type TOKEN_METHODS,
  type TOKEN_PLACES,
} from "./document";

export interface Pair {
  name: string;
  value: string;
}

/** Every kind's fields at once, so that what was typed outlives a change of mind. */
export interface AuthenticationDraft {
  type: (typeof AUTHENTICATIONS)[number];
  username: string;
  password: string;
  name: string;
  value: string;
  location: (typeof LOCATIONS)[number];
  endpoint: string;
  method: (typeof TOKEN_METHODS)[number];
  headers: Pair[];
  bodyType: (typeof BODY_TYPES)[number];
  bodyParams: Pair[];
  tokenInResponse: string;
  cache: (typeof CACHES)[number];
  duration: number;
  expiryInResponse: string;
  timeUnit: (typeof TIME_UNITS)[number];
  authorizationType: (typeof TOKEN_PLACES)[number];
  tokenTarget: string;
}

const pairs = (values: Record<string, unknown> | undefined): Pair[] =>
  Object.entries(values ?? {}).map(([name, value]) => ({
    name,
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));

/** The form of an authentication. */
export function authenticationDraft(document: AuthenticationDocument | undefined): AuthenticationDraft {
  const cache = document?.cacheDuration;
  return {
    type: document?.type ?? "none",
    username: document?.username ?? "",
    password: document?.password ?? "",
    name: document?.name ?? "",
    value: document?.value ?? "",
    location: document?.location ?? "header",
    endpoint: document?.endpoint ?? "",
    method: document?.method ?? "POST",
    headers: pairs(document?.headers),
    bodyType: document?.body?.bodyType ?? "form",
    bodyParams: pairs(document?.body?.bodyParams),
    tokenInResponse: document?.tokenInResponse ?? "json://access_token",
    cache: cache === undefined ? "none" : cache.duration !== undefined ? "duration" : "expiry",
    duration: cache?.duration ?? 5,
    expiryInResponse: cache?.expiryInResponse ?? "json://expires_in",
    timeUnit: cache?.timeUnit ?? "minutes",
    authorizationType: document?.authorizationType ?? "bearer",
    tokenTarget: document?.tokenTarget ?? "",
  };
}

const valuesOf = (rows: readonly Pair[]) => Object.fromEntries(rows.map(({ name, value }) => [name, value]));

/** What is written of the chosen kind alone. */
export function authenticationOf(draft: AuthenticationDraft): AuthenticationDocument {
  const { type } = draft;
  if (type === "basic") return { type, username: draft.username, password: draft.password };
  if (type === "apiKey") return { type, name: draft.name, value: draft.value, location: draft.location };
  if (type === "none") return { type };
  const { cache, duration, expiryInResponse, timeUnit } = draft;
  return {
    type,
    endpoint: draft.endpoint,
    method: draft.method,
    headers: valuesOf(draft.headers),
    ...(draft.method === "POST" && {
      body: { bodyType: draft.bodyType, bodyParams: valuesOf(draft.bodyParams) },
    }),
    tokenInResponse: draft.tokenInResponse,
    ...(cache === "duration" && { cacheDuration: { duration, timeUnit } }),
    ...(cache === "expiry" && { cacheDuration: { expiryInResponse, timeUnit } }),
    authorizationType: draft.authorizationType,
    ...(draft.authorizationType !== "bearer" && { tokenTarget: draft.tokenTarget }),
  };
}

const unmasked = (text: string) => (text === MASK ? "" : text);

/** The same for a new action, which has no stored secrets to keep. */
export function withoutSecrets(draft: AuthenticationDraft): AuthenticationDraft {
  const typedAgain = (rows: Pair[]) => rows.map(({ name, value }) => ({ name, value: unmasked(value) }));
  return {
    ...draft,
    password: unmasked(draft.password),
    value: unmasked(draft.value),
    headers: typedAgain(draft.headers),
    bodyParams: typedAgain(draft.bodyParams),
  };
}
