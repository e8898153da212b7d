import { useRef, useState } from "react";
import { type ApiError, asApiError, post } from "../api/client";
import type { Created, Definition } from "../api/types";
import { type Attempt, attemptAt, isDefinite } from "./idempotency";

export interface Exporting {
  busy: boolean;
  /** Creates the report; a second call while the first is under way does nothing. */
  send: (definition: Definition) => void;
}

export const useExport = (onCreated: (created: Created) => void, onRefused: (error: ApiError) => void): Exporting => {
  const attempt = useRef<Attempt | null>(null);
  const under = useRef(false);
  const [busy, setBusy] = useState(false);

  const send = async (definition: Definition) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    const body = JSON.stringify(definition);
    const now = attemptAt(body, attempt.current);
    attempt.current = now;
    try {
      onCreated(await post<Created>("reports", definition, { idempotencyKey: now.key }));
    } catch (thrown) {
      const error = asApiError(thrown);
      // The key belongs to an earlier report by now, which may be there: the next attempt is another one.
      attempt.current = error.status === 409 ? null : { ...now, answered: isDefinite(error.status) };
      onRefused(error);
    } finally {
      under.current = false;
      setBusy(false);
    }
  };
  return { busy, send: (definition) => void send(definition) };
};
