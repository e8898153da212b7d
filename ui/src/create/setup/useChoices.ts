import { useCallback, useEffect, useState } from "react";
import { type ApiError, asApiError, get } from "../../api/client";
import type { ChoiceShown, Choices } from "../../api/types";

/** Milliseconds without a keystroke before a search is sent. */
const PAUSE = 250;

export interface Lookup {
  choices: ChoiceShown[];
  failure: ApiError | null;
  loading: boolean;
  /** The search that `choices` answer; null before the first answer. */
  searched: string | null;
  /** How many there are; `choices` hold the first of them. */
  total: number;
  tryAgain: () => void;
}

export interface Wanted {
  filter: string;
  /** The value that the choices depend on: null where they depend on none, "" where it is not chosen yet. */
  parent: string | null;
  query: string;
  reportType: string;
}

export const fetchChoices = ({ filter, parent, query, reportType }: Wanted, signal: AbortSignal): Promise<Choices> => {
  const search = new URLSearchParams(query === "" ? {} : { q: query });
  if (parent !== null) search.set("of", parent);
  return get(`report-types/${encodeURIComponent(reportType)}/choices/${encodeURIComponent(filter)}?${search}`, {
    signal,
  });
};

const START = {
  choices: [] as ChoiceShown[],
  failure: null as ApiError | null,
  searched: null as string | null,
  total: 0,
};

/** The values of a filter that match a search on the server. For another filter or parent, mount it anew (`key`). */
export const useChoices = ({ filter, parent, query, reportType }: Wanted): Lookup => {
  const [answer, setAnswer] = useState(START);
  const [loading, setLoading] = useState(parent !== "");
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks the same again
  useEffect(() => {
    if (parent === "") return undefined;
    const control = new AbortController();
    setLoading(true);
    const timer = setTimeout(
      () => {
        fetchChoices({ filter, parent, query, reportType }, control.signal).then(
          ({ choices, total }) => {
            setAnswer({ choices, failure: null, searched: query, total });
            setLoading(false);
          },
          (error: unknown) => {
            if (control.signal.aborted) return;
            setAnswer((before) => ({ ...before, failure: asApiError(error) }));
            setLoading(false);
          },
        );
      },
      query === "" ? 0 : PAUSE,
    );
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [attempt, filter, parent, query, reportType]);

  const tryAgain = useCallback(() => setAttempt((before) => before + 1), []);
  return { ...answer, loading, tryAgain };
};
