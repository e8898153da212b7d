import type { DestinationChecked } from "../api/types";

const LABELS: Record<string, string> = {
  list: "List",
  write: "Write",
  read: "Read",
  replace: "Replace on a condition",
  upload: "Upload a file",
  open: "Download the file",
  delete: "Delete",
};

/** The words for a step of a check; a step of a newer server has its name. */
export const stepLabel = (name: string): string => LABELS[name] ?? name;

/** A check in one line: whether exports can be delivered, or which steps say why not. */
export function summary({ ok, steps }: Pick<DestinationChecked, "ok" | "steps">): string {
  if (ok) {
    return "Exports can be delivered here.";
  }
  const failed = steps.filter(({ state }) => state === "problem").map(({ name }) => stepLabel(name));
  return `There is a problem: ${failed.join(", ")}.`;
}
