import { useEffect, useState } from "react";
import { type ApiError, asApiError, post } from "../../api/client";
import type { EstimateShown } from "../../api/types";

/** Milliseconds without a change before the rows are counted, which the promo database pays for. */
const PAUSE = 700;

/** Milliseconds until a count is asked for again that was refused because an earlier one has not ended. */
const AGAIN = 2_500;

/** An earlier count ends within 10 seconds. */
const MOST_TRIES = 6;

export type EstimateState =
  | { error: ApiError; kind: "refused" }
  | { estimate: EstimateShown; kind: "estimated" }
  | { kind: "counting" }
  | { kind: "none" };

const NONE: EstimateState = { kind: "none" };
const COUNTING: EstimateState = { kind: "counting" };

/** What the export of a definition would be like. `body` is its JSON, which the server has found valid, or null. */
export const useEstimate = (body: string | null): EstimateState => {
  const [found, setFound] = useState<{ body: string | null; state: EstimateState }>({ body: null, state: NONE });
  useEffect(() => {
    if (body === null) return undefined;
    const control = new AbortController();
    let timer = 0;
    const ask = (tries: number) => {
      post<EstimateShown>("drafts/estimate", JSON.parse(body), { signal: control.signal }).then(
        (estimate) => setFound({ body, state: { estimate, kind: "estimated" } }),
        (thrown: unknown) => {
          if (control.signal.aborted) return;
          const error = asApiError(thrown);
          if (error.code === "too_many" && tries < MOST_TRIES) {
            timer = window.setTimeout(ask, AGAIN, tries + 1);
          } else {
            setFound({ body, state: { error, kind: "refused" } });
          }
        },
      );
    };
    timer = window.setTimeout(ask, PAUSE, 1);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [body]);
  if (body === null) return NONE;
  return found.body === body ? found.state : COUNTING;
};
