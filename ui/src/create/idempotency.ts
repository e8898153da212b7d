/**
 * The Idempotency-Key of a form: the same for all attempts to create one report, so that a double click or a retry
 * after a lost response creates one report. A changed form gets a new key once the last outcome is known.
 */

export interface Attempt {
  /** Whether the server answered for certain; a lost connection or a failing server leaves it open. */
  answered: boolean;
  body: string;
  key: string;
  /** Whether an attempt with another body, whose answer nobody knows, used the key before. */
  kept: boolean;
}

/** What an answer that is no success says: nothing was made; maybe something was; an attempt before has used the key. */
export type Outcome = "refused" | "unknown" | "used";

export const attemptAt = (body: string, last: Attempt | null, newKey: () => string = randomKey): Attempt => {
  const again = last !== null && (last.body === body || !last.answered);
  return again
    ? { answered: false, body, key: last.key, kept: last.kept || last.body !== body }
    : { answered: false, body, key: newKey(), kept: false };
};

export const outcomeOf = (status: number, attempt: Attempt): Outcome => {
  if (status === 409 && attempt.kept) return "used";
  return isDefinite(status) ? "refused" : "unknown";
};

/** What the next attempt has to know of this one: nothing where its key is used up, so that it draws a new one. */
export const leftBy = (attempt: Attempt, outcome: Outcome): Attempt | null =>
  outcome === "used" ? null : { ...attempt, answered: outcome === "refused" };

/** Statuses after which nothing was made and nothing will be. 408 and 429 promise neither. */
const isDefinite = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** `crypto.randomUUID` is missing on pages that come over plain http from another host. */
export const randomKey = (): string => {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};
