export const METHODS = ["POST", "PUT", "GET"] as const;
export const AUTHENTICATIONS = ["none", "basic", "apiKey", "customAuthorization"] as const;
export const LOCATIONS = ["header", "queryParam"] as const;
export const TOKEN_METHODS = ["POST", "GET"] as const;
export const BODY_TYPES = ["form", "json"] as const;
export const TOKEN_PLACES = ["bearer", "header", "queryParam"] as const;
export const CACHES = ["none", "duration", "expiry"] as const;
export const TIME_UNITS = ["milliseconds", "seconds", "minutes", "hours", "days", "months", "years"] as const;
export const CHANNELS = ["email", "sms", "push", "directMail", "whatsApp"] as const;
/** Stands for a stored secret, in what is read and in what is written. */
export const MASK = "********";

type One<T extends readonly string[]> = T[number];

export interface EntryDocument {
  name: string;
  kind: "constant" | "variable";
  value?: string;
  label?: string;
  optional?: boolean;
}

export interface FieldDocument {
  path: string;
  type: string;
  kind: "constant" | "variable";
  value?: unknown;
  label?: string;
  optional?: boolean;
}

export interface AnswerDocument {
  sample: unknown;
  types?: Record<string, string>;
}

export interface AuthenticationDocument {
  type: One<typeof AUTHENTICATIONS>;
  username?: string;
  password?: string;
  name?: string;
  value?: string;
  location?: One<typeof LOCATIONS>;
  endpoint?: string;
  method?: One<typeof TOKEN_METHODS>;
  headers?: Record<string, string>;
  body?: { bodyType: One<typeof BODY_TYPES>; bodyParams: Record<string, unknown> };
  tokenInResponse?: string;
  cacheDuration?: { duration?: number; expiryInResponse?: string; timeUnit: One<typeof TIME_UNITS> };
  authorizationType?: One<typeof TOKEN_PLACES>;
  tokenTarget?: string;
}

/** docs/reference/actions.md. */
export interface ActionDocument {
  name: string;
  description?: string;
  url: string;
  method: One<typeof METHODS>;
  headers?: EntryDocument[];
  queryParameters?: EntryDocument[];
  authentication?: AuthenticationDocument;
  request?: { sample: unknown; fields?: FieldDocument[]; allowNull?: boolean } | null;
  response?: AnswerDocument | null;
  failureResponse?: AnswerDocument | null;
  marketing?: { channel?: string; requiredMarketingAction?: string | null } | null;
}
