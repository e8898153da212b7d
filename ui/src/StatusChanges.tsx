import { VisuallyHidden } from "@chakra-ui/react";
import { useEffect, useRef, useState } from "react";
import type { ExportStatus, ReportStatus } from "./api/types";
import { isEmpty, STATUS_LABELS } from "./status";

interface Shown {
  id: string | number;
  name: string;
  status: ExportStatus | ReportStatus;
  rows?: number | null;
}

const said = (shown: Shown): string =>
  `${shown.name}: ${STATUS_LABELS[shown.status]}${isEmpty(shown) ? ", no rows" : ""}`;

/** Announces to screen readers which rows changed their status since the last render. */
export function StatusChanges({ rows }: { rows: Shown[] }) {
  const before = useRef(new Map<Shown["id"], Shown["status"]>());
  const [text, setText] = useState("");
  useEffect(() => {
    const changed = rows.filter(({ id, status }) => (before.current.get(id) ?? status) !== status);
    before.current = new Map(rows.map(({ id, status }) => [id, status]));
    if (changed.length > 0) {
      setText(changed.map(said).join(". "));
    }
  }, [rows]);
  return (
    <VisuallyHidden aria-live="polite" role="status">
      {text}
    </VisuallyHidden>
  );
}
