import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, post } from "../api/client";
import type { Definition } from "../api/definition";
import type { Created } from "../api/types";
import { notify, notifyOfFailure } from "../Notices";
import { type Attempt, attemptAt, leftBy, type Outcome, outcomeOf } from "./idempotency";

export interface Exporting {
  busy: boolean;
  /** Creates the report; a second call while the first is under way does nothing. */
  send: (definition: Definition) => void;
}

/** An answer that comes when the form is gone leads nowhere: a notice tells it, wherever one is by then. */
export const useExport = (
  onCreated: (created: Created) => void,
  onRefused: (error: ApiError, outcome: Outcome) => void,
): Exporting => {
  const attempt = useRef<Attempt | null>(null);
  const under = useRef(false);
  const shown = useRef(true);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);

  const send = async (definition: Definition) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    const now = attemptAt(JSON.stringify(definition), attempt.current);
    attempt.current = now;
    try {
      const created = await post<Created>("reports", definition, { idempotencyKey: now.key });
      if (shown.current) onCreated(created);
      else notify(created.message);
    } catch (thrown) {
      const error = asApiError(thrown);
      const outcome = outcomeOf(error.status, now);
      attempt.current = leftBy(now, outcome);
      if (shown.current) onRefused(error, outcome);
      else notifyOfFailure(error);
    } finally {
      under.current = false;
      setBusy(false);
    }
  };
  return { busy, send: (definition) => void send(definition) };
};
