import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, isAbort, post } from "../api/client";
import type { DestinationChecked } from "../api/types";

/** Checks a destination when it is told to; the answer that came last, and the error if there was none. */
export function useCheck(id: string) {
  const [state, setState] = useState<{ checked?: DestinationChecked; error?: ApiError; running: boolean }>({
    running: false,
  });
  const control = useRef<AbortController>(undefined);
  useEffect(() => () => control.current?.abort(), []);

  const run = () => {
    const asking = new AbortController();
    control.current = asking;
    setState({ running: true });
    const path = `destinations/${encodeURIComponent(id)}/check`;
    post<DestinationChecked>(path, {}, { signal: asking.signal }).then(
      (checked) => setState({ checked, running: false }),
      (thrown: unknown) => {
        if (!isAbort(thrown)) {
          setState({ error: asApiError(thrown), running: false });
        }
      },
    );
  };
  return { ...state, run };
}
