import { useCallback, useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, get, isAbort } from "./client";
import { type Pace, pauseOf } from "./polling";

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

function remembered<T>(path: string | null): { data: T; path: string } | undefined {
  return path !== null && answers.has(path) ? { data: answers.get(path) as T, path } : undefined;
}

export interface Loaded<T> {
  /** The last response; while another path loads, that of the previous path, with `stale` set. */
  data: T | undefined;
  stale: boolean;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
  /** Replaces the data by the response of an action until the next poll. */
  put: (data: T) => void;
}

/** Loads `path` (null: nothing yet), and polls it with `pace` while the document is visible (`pauseOf`). */
export function useGet<T>(path: string | null, pace?: (data: T) => Pace): Loaded<T> {
  const [held, setHeld] = useState(() => remembered<T>(path));
  const data = held?.data;
  const [failed, setFailed] = useState<{ path: string; error: ApiError }>();
  const [loading, setLoading] = useState(path !== null);
  const [attempt, setAttempt] = useState(0);
  const [settled, setSettled] = useState(0); // attempts that ended
  const course = useRef({ failures: 0, quietSince: 0 });

  const again = useCallback(() => setAttempt((before) => before + 1), []);
  const reload = useCallback(() => {
    course.current = { failures: 0, quietSince: Date.now() };
    again();
  }, [again]);

  useEffect(() => {
    if (path !== null) {
      course.current = { failures: 0, quietSince: Date.now() };
    }
  }, [path]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same path again
  useEffect(() => {
    if (path === null) {
      return undefined;
    }
    const control = new AbortController();
    setLoading(true);
    setHeld((before) => remembered<T>(path) ?? before);
    get<T>(path, { signal: control.signal }).then(
      (answer) => {
        if (!control.signal.aborted) {
          course.current.failures = 0;
          if (JSON.stringify(answer) !== JSON.stringify(answers.get(path))) {
            course.current.quietSince = Date.now();
          }
          remember(path, answer);
          setHeld({ data: answer, path });
          setFailed(undefined);
          setLoading(false);
          setSettled((before) => before + 1);
        }
      },
      (thrown: unknown) => {
        if (!isAbort(thrown)) {
          course.current.failures += 1;
          setFailed({ path, error: asApiError(thrown) });
          setHeld((before) => (before?.path === path ? before : undefined));
          setLoading(false);
          setSettled((before) => before + 1);
        }
      },
    );
    return () => control.abort();
  }, [path, attempt]);

  const waiting = !loading && path !== null && pace !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: React may never render the loading in between, so count
  useEffect(() => {
    if (!waiting) {
      return undefined;
    }
    const whenVisible = (ask: () => void) => () => document.hidden || ask();
    const { failures, quietSince } = course.current;
    const pause = pauseOf(data === undefined ? "moving" : pace(data), Date.now() - quietSince, failures);
    const timer = setTimeout(whenVisible(again), pause);
    const returned = whenVisible(reload); // somebody looks at it once more
    document.addEventListener("visibilitychange", returned);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", returned);
    };
  }, [waiting, settled, again, reload]);

  const put = useCallback(
    (answer: T) => {
      if (path !== null) {
        remember(path, answer);
        setHeld({ data: answer, path });
      }
      reload(); // drops an answer under way, which may be older
    },
    [path, reload],
  );

  const stale = held !== undefined && held.path !== path;
  return { data, stale, error: failed?.path === path ? failed?.error : undefined, loading, reload, put };
}
