import { Badge, Portal, Spinner, Tooltip } from "@chakra-ui/react";
import type { ReactNode } from "react";
import type { ExportStatus, Failure, ReportStatus, StoppedBy } from "./api/types";
import { CheckIcon, CrossIcon, DashIcon, PauseIcon, PlayIcon, WarningIcon } from "./icons";
import { STATUS_LABELS } from "./status";

const LOOKS: Record<ExportStatus | ReportStatus, { palette: string; icon: ReactNode }> = {
  creating: { palette: "running", icon: <Spinner aria-hidden="true" borderWidth="1.5px" size="xs" /> },
  created: { palette: "success", icon: <CheckIcon /> },
  failed: { palette: "failed", icon: <CrossIcon /> },
  cancelled: { palette: "gray", icon: <DashIcon /> },
  active: { palette: "success", icon: <PlayIcon /> },
  stopped: { palette: "gray", icon: <PauseIcon /> },
};

export const STOPPED_WORDS: Record<StoppedBy, string> = {
  stopped: "",
  deleted: "deleted",
  paused: "paused in Airflow",
  removed: "removed from git",
  broken: "broken definition",
};

/** Shown beside Created for an export without rows. */
export const NoRows = () => (
  <Badge colorPalette="warning" fontSize="sm" gap={1.5} px={2} py={0.5} whiteSpace="nowrap">
    <WarningIcon />
    No rows
  </Badge>
);

/** A status as icon and word. A failure's reason shows on hover and focus, and is part of the accessible name. */
export function StatusBadge({ status, failure }: { status: ExportStatus | ReportStatus; failure?: Failure | null }) {
  const { palette, icon } = LOOKS[status];
  const content = (
    <>
      {icon}
      {STATUS_LABELS[status]}
    </>
  );
  const look = { colorPalette: palette, fontSize: "sm", gap: 1.5, px: 2, py: 0.5, whiteSpace: "nowrap" } as const;
  if (failure === undefined || failure === null) {
    return <Badge {...look}>{content}</Badge>;
  }
  return (
    <Tooltip.Root closeDelay={100} openDelay={200} positioning={{ placement: "bottom-start" }}>
      <Tooltip.Trigger asChild>
        <Badge asChild {...look} cursor="pointer">
          <button aria-label={`${STATUS_LABELS[status]}. ${failure.reason}`} type="button">
            {content}
          </button>
        </Badge>
      </Tooltip.Trigger>
      <Portal>
        <Tooltip.Positioner>
          <Tooltip.Content fontSize="sm" fontWeight="normal" maxW="sm" overflowWrap="anywhere">
            {failure.reason}
          </Tooltip.Content>
        </Tooltip.Positioner>
      </Portal>
    </Tooltip.Root>
  );
}
