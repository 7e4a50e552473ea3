import createClient, { type Middleware } from "openapi-fetch";
import { ApiError } from "./error";
import type { paths } from "./schema.gen";

/** What every call carries: told once by the session, read by each request. */
export const context = { sandbox: "prod", csrfToken: "" };

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The headers of a call of the control plane. */
export function callHeaders(method: string): Record<string, string> {
  const headers: Record<string, string> = { "x-sandbox-name": context.sandbox };
  if (!SAFE.has(method)) headers["x-csrf-token"] = context.csrfToken;
  return headers;
}

const carriesSession: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(callHeaders(request.method))) request.headers.set(name, value);
    return request;
  },
};

/** The control plane by its own description: paths, parameters and methods are checked by the compiler. */
export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(carriesSession);

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The body of an answer, as the type that the reference documents. Throws ApiError for everything but a success. */
export async function read<T>(call: Promise<Answer>): Promise<T> {
  return (await readWithEtag<T>(call)).data;
}

/** The body with its etag, to be handed back in `If-Match`. Throws ApiError. */
export async function readWithEtag<T>(call: Promise<Answer>): Promise<{ data: T; etag: string }> {
  let answer: Answer;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, error instanceof Error ? error.message : String(error));
  }
  const { data, error, response } = answer;
  if (!response.ok) throw new ApiError(response.status, error, response.headers.get("x-request-id"));
  return { data: data as T, etag: response.headers.get("etag") ?? "" };
}

/** A call that openapi-fetch can't express (another media type, a file). Throws ApiError; the answer is a success. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...callHeaders(init.method ?? "GET"), ...(init.headers as Record<string, string> | undefined) };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, error instanceof Error ? error.message : String(error));
  }
  if (!response.ok) {
    const body = await response.json().catch(() => null);
    throw new ApiError(response.status, body, response.headers.get("x-request-id"));
  }
  return response;
}
