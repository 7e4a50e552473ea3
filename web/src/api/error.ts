/** One fault of a refused document. */
export interface Fault {
  code: string;
  message: string;
  severity?: "error" | "warning";
  nodeId?: string | null;
  path?: string;
}

/** An answer of the server that is no success, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  /** The service's error code, such as `JOURNEY_INVALID`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly faults: readonly Fault[];
  readonly requestId: string | null;
  /** The body as it came. */
  readonly body: unknown;

  constructor(status: number, body: unknown, requestId: string | null = null) {
    const { code, title, detail, faults } = read(body);
    super(detail || title || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.faults = faults;
    this.requestId = requestId;
    this.body = body;
  }

  /** Nobody answered: the server is stopped, or the network is gone. */
  get isOffline(): boolean {
    return this.status === 0;
  }
}

type Texts = Pick<ApiError, "code" | "title" | "detail" | "faults">;

/** The services' several error shapes (docs/reference/http-api.md), read as one. */
function read(body: unknown): Texts {
  if (typeof body !== "object" || body === null) return { code: "", title: "", detail: text(body), faults: [] };
  const b = body as Record<string, unknown>;
  const report = b.report;
  const faults = isFaults(b.faults) ? b.faults : isRecord(report) && isFaults(report.faults) ? report.faults : [];
  return {
    code: text(b.error_code ?? b.errorCode ?? b.code ?? b.type),
    title: text(b.title ?? b.message ?? b.error),
    detail: text(b.detail ?? b.errorMessage ?? b.error_description ?? b.message),
    faults,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isFaults = (value: unknown): value is Fault[] => Array.isArray(value);
const text = (value: unknown): string => (value === undefined || value === null ? "" : String(value));
