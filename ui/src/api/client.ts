import type { ErrorAnswer, ErrorCode, Problem } from "./types";

const ROOT = "promo-reports/api/";

/** An error response of the API: the reason (`message`) and what to do (`fix`). */
export class ApiError extends Error {
  readonly status: number; // 0: no answer
  readonly code: ErrorCode;
  readonly fix: string;
  readonly problems: Problem[];

  constructor({ status, code, reason, fix, problems }: ErrorAnswer["error"]) {
    super(reason);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fix = fix;
    this.problems = problems;
  }
}

interface Options {
  signal?: AbortSignal;
  /** Idempotency-Key: a repeated POST returns what the first one created. */
  idempotencyKey?: string;
}

/** Resolves an address of the API (`promo-reports/api/exports/7/download`) below Airflow's base path. */
export const href = (address: string): string => new URL(address, document.baseURI).href;

export const get = <T>(path: string, options?: Options): Promise<T> => request("GET", path, undefined, options);

export const post = <T>(path: string, body: unknown, options?: Options): Promise<T> =>
  request("POST", path, body, options);

export const remove = <T>(path: string, options?: Options): Promise<T> => request("DELETE", path, {}, options);

/** Whether a rejection is an abort by the caller. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Converts anything thrown to an ApiError. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  return unanswered(0, "The server did not answer.");
}

async function request<T>(method: string, path: string, body: unknown, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "X-Requested-With": "promo-reports" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (options.idempotencyKey !== undefined) {
    headers["Idempotency-Key"] = options.idempotencyKey;
  }
  const response = await fetch(href(ROOT + path), {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: options.signal ?? null,
  }).catch((error: unknown) => {
    throw isAbort(error) ? error : asApiError(error);
  });
  const answer = await response.json().catch((error: unknown) => {
    if (isAbort(error)) {
      throw error;
    }
    return undefined;
  });
  options.signal?.throwIfAborted(); // it was answered at the moment that its caller went away
  if (response.ok && answer !== undefined) {
    return answer as T;
  }
  throw refusal(response.status, answer);
}

/** The error of a response, or a generic one if its body is not an error of the API. */
export const refusal = (status: number, body: unknown): ApiError =>
  isErrorBody(body) ? new ApiError(body.error) : unanswered(status, `The server answered ${status}, without a reason.`);

const isErrorBody = (answer: unknown): answer is ErrorAnswer =>
  typeof (answer as ErrorAnswer | undefined)?.error?.reason === "string";

function unanswered(status: number, reason: string): ApiError {
  // A proxy or Airflow itself may answer before the API does.
  const code = status === 401 ? "unauthenticated" : status === 403 ? "forbidden" : "unavailable";
  return new ApiError({ status, code, reason, fix: "Try again in a moment.", problems: [] });
}
