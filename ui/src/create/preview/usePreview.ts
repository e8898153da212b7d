import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, post } from "../../api/client";
import type { Definition, Preview } from "../../api/types";

/** `body` is the JSON of the definition that was asked about. */
export type PreviewState =
  | { body: string; error: ApiError; kind: "failed" }
  | { body: string; kind: "shown"; preview: Preview }
  | { kind: "loading" }
  | { kind: "none" };

export interface Previewing {
  cancel: () => void;
  show: (definition: Definition) => void;
  state: PreviewState;
}

/** The first rows of an export. Only the last question counts; leaving the page stops the query. */
export const usePreview = (onRefused: (error: ApiError) => void): Previewing => {
  const [state, setState] = useState<PreviewState>({ kind: "none" });
  const control = useRef<AbortController | null>(null);
  useEffect(() => () => control.current?.abort(), []);

  const show = (definition: Definition) => {
    control.current?.abort();
    const mine = new AbortController();
    control.current = mine;
    const body = JSON.stringify(definition);
    setState({ kind: "loading" });
    post<Preview>("drafts/preview", definition, { signal: mine.signal }).then(
      (preview) => setState({ body, kind: "shown", preview }),
      (thrown: unknown) => {
        if (mine.signal.aborted) return;
        const error = asApiError(thrown);
        setState({ body, error, kind: "failed" });
        onRefused(error);
      },
    );
  };
  const cancel = () => {
    control.current?.abort();
    setState({ kind: "none" });
  };
  return { cancel, show, state };
};
