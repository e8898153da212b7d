/**
 * The Idempotency-Key of a form: one for all attempts at one report, so that a double click or a second try after a
 * lost answer makes one report. A changed form is another report, once the answer to the former one is known.
 */

export interface Attempt {
  /** Whether the server answered for certain; a lost connection or a failing server leaves it open. */
  answered: boolean;
  body: string;
  key: string;
}

export const attemptAt = (body: string, last: Attempt | null, newKey: () => string = randomKey): Attempt => {
  const again = last !== null && (last.body === body || !last.answered);
  return { answered: false, body, key: again ? last.key : newKey() };
};

/** Statuses after which nothing was made and nothing will be. 408 and 429 promise neither. */
export const isDefinite = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429;

/** `crypto.randomUUID` is missing on pages that come over plain http from another host. */
export const randomKey = (): string => {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};
