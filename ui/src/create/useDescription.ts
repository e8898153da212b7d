import { useEffect, useState } from "react";
import { type ApiError, asApiError, post } from "../api/client";
import type { Definition } from "../api/definition";
import type { DescribedDefinition } from "../api/types";

/** Milliseconds without a change before the server is asked. */
const PAUSE = 300;

/** `body` is the JSON of the definition that the answer is about. */
export type Description =
  | { body: string; described: DescribedDefinition; kind: "described" }
  | { body: string; error: ApiError; kind: "refused" }
  | { kind: "waiting" };

const WAITING: Description = { kind: "waiting" };

/** What the server says that a definition will export; null: it is not complete. */
export const useDescription = (definition: Definition | null): Description => {
  const [description, setDescription] = useState<Description>(WAITING);
  const body = definition === null ? null : JSON.stringify(definition);
  useEffect(() => {
    if (body === null) return undefined;
    const control = new AbortController();
    const timer = setTimeout(() => {
      post<DescribedDefinition>("drafts/describe", JSON.parse(body), { signal: control.signal }).then(
        (described) => setDescription({ body, described, kind: "described" }),
        (error: unknown) =>
          control.signal.aborted || setDescription({ body, error: asApiError(error), kind: "refused" }),
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [body]);
  return "body" in description && description.body === body ? description : WAITING;
};
