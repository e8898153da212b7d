import { useEffect, useState } from "react";
import { type ApiError, asApiError, isAbort, post } from "../api/client";
import type { PastWindow, PastWindows } from "../api/types";

const PAUSE_MILLISECONDS = 250;

/** The windows of a report within some days, asked again when the days change. Nothing while they are incomplete. */
export function usePastWindows(path: string, first: string, last: string) {
  const [answer, setAnswer] = useState<{ data?: PastWindows; error?: ApiError }>({});
  useEffect(() => {
    setAnswer({});
    if (first === "" || last === "") {
      return undefined;
    }
    const control = new AbortController();
    const timer = setTimeout(() => {
      post<PastWindows>(`${path}/windows`, { first, last }, { signal: control.signal }).then(
        (data) => setAnswer({ data }),
        (thrown: unknown) => {
          if (!isAbort(thrown)) {
            setAnswer({ error: asApiError(thrown) });
          }
        },
      );
    }, PAUSE_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [path, first, last]);
  return answer;
}

/** The windows that a run would export, as the server says. */
export const toExport = (data: PastWindows | undefined, again: boolean): PastWindow[] =>
  (data?.windows ?? []).filter(({ makes, makes_again }) => (again ? makes_again : makes));
