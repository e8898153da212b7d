import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, post } from "../../api/client";
import type { Definition } from "../../api/definition";
import type { PreviewShown } from "../../api/types";

export type PreviewState =
  | { error: ApiError; kind: "failed" }
  | { kind: "loading" }
  | { kind: "none" }
  | { kind: "shown"; preview: PreviewShown };

export interface Previewing {
  cancel: () => void;
  show: (definition: Definition) => void;
  state: PreviewState;
}

const NONE: PreviewState = { kind: "none" };

/**
 * The first rows of the export that the form says now (`definition`; null: it is not complete). Another draft, however
 * it came to be, ends a query that is under way and discards the answer: it is about something else. So does leaving.
 */
export const usePreview = (definition: Definition | null, onRefused: (error: ApiError) => void): Previewing => {
  const body = definition === null ? null : JSON.stringify(definition);
  /** `body` is the draft that was asked about. */
  const [asked, setAsked] = useState<{ body: string | null; state: PreviewState }>({ body: null, state: NONE });
  const control = useRef<AbortController | null>(null);

  const cancel = () => {
    control.current?.abort();
    setAsked({ body: null, state: NONE });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it ends with the draft
  useEffect(() => cancel, [body]);

  const show = (complete: Definition) => {
    control.current?.abort();
    const mine = new AbortController();
    control.current = mine;
    const about = JSON.stringify(complete);
    const settle = (state: PreviewState) => mine.signal.aborted || setAsked({ body: about, state });
    settle({ kind: "loading" });
    post<PreviewShown>("drafts/preview", complete, { signal: mine.signal }).then(
      (preview) => settle({ kind: "shown", preview }),
      (thrown: unknown) => {
        if (mine.signal.aborted) return;
        const error = asApiError(thrown);
        settle({ error, kind: "failed" });
        onRefused(error);
      },
    );
  };
  return { cancel, show, state: asked.body === body ? asked.state : NONE };
};
