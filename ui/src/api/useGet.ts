import { useCallback, useEffect, useState } from "react";
import { type ApiError, asApiError, get, isAbort } from "./client";

const FAST_MILLISECONDS = 3_000;
const SLOW_MILLISECONDS = 20_000;
const REMEMBERED = 40; // answers

// Airflow mounts the page anew whenever the path changes. What was seen before shows at once and is then asked again.
const answers = new Map<string, unknown>();

function remember(path: string, data: unknown): void {
  answers.delete(path);
  answers.set(path, data);
  for (const oldest of [...answers.keys()].slice(0, Math.max(0, answers.size - REMEMBERED))) {
    answers.delete(oldest);
  }
}

export interface Loaded<T> {
  /** The last good answer; while another path loads, still that of the path before. */
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
  /** Shows what an action answered, before it is asked again. */
  put: (data: T) => void;
}

/**
 * Loads `path` (null: nothing yet). With `moving`, again while the document is visible: every 3 s while it holds, else
 * every 20 s, since others create, stop and retry too; after an error slowly.
 */
export function useGet<T>(path: string | null, moving?: (data: T) => boolean): Loaded<T> {
  const [data, setData] = useState(() => (path === null ? undefined : (answers.get(path) as T | undefined)));
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(path !== null);
  const [attempt, setAttempt] = useState(0);
  const [settled, setSettled] = useState(0); // attempts that ended
  const reload = useCallback(() => setAttempt((before) => before + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same path again
  useEffect(() => {
    if (path === null) {
      return undefined;
    }
    const control = new AbortController();
    setLoading(true);
    setData((before) => (answers.get(path) as T | undefined) ?? before);
    get<T>(path, { signal: control.signal }).then(
      (answer) => {
        if (!control.signal.aborted) {
          remember(path, answer);
          setData(answer);
          setError(undefined);
          setLoading(false);
          setSettled((before) => before + 1);
        }
      },
      (thrown: unknown) => {
        if (!isAbort(thrown)) {
          setError(asApiError(thrown));
          setLoading(false);
          setSettled((before) => before + 1);
        }
      },
    );
    return () => control.abort();
  }, [path, attempt]);

  const waiting = !loading && path !== null && moving !== undefined;
  const pause = data !== undefined && error === undefined && moving?.(data) ? FAST_MILLISECONDS : SLOW_MILLISECONDS;
  // biome-ignore lint/correctness/useExhaustiveDependencies: React may never render the loading in between, so count
  useEffect(() => {
    if (!waiting) {
      return undefined;
    }
    const again = () => {
      if (!document.hidden) {
        reload();
      }
    };
    const timer = setTimeout(again, pause);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [waiting, pause, settled, reload]);

  const put = useCallback(
    (answer: T) => {
      if (path !== null) {
        remember(path, answer);
      }
      setData(answer);
      reload(); // drops an answer under way, which may be older
    },
    [path, reload],
  );

  return { data, error, loading, reload, put };
}
