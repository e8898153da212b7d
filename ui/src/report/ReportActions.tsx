import { Button, Flex, Text } from "@chakra-ui/react";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { post, remove } from "../api/client";
import { FrequencyLabels, type ReportAction, type ReportDetail } from "../api/types";
import { ConfirmDialog } from "../ConfirmDialog";
import { notify } from "../Notices";
import { usePlaces } from "../places";
import { PastWindowsDialog } from "./PastWindowsDialog";

type Asked = "stop" | "resume" | "delete";

const QUESTIONS: Record<Asked, { title: string; text: string; confirm: string; done: string }> = {
  stop: {
    title: "Stop this report?",
    text: "No further exports are made until it is resumed. Exports made so far stay, and those being made are finished.",
    confirm: "Stop",
    done: "Report stopped",
  },
  resume: {
    title: "Resume this report?",
    text: "Exports go on with its schedule. Windows that passed meanwhile are not exported by themselves: use Run for past windows.",
    confirm: "Resume",
    done: "Report resumed",
  },
  delete: {
    title: "Delete this report?",
    text: `No further exports are made. Those made so far stay under ${FrequencyLabels.one_time} and can still be downloaded. This cannot be undone.`,
    confirm: "Delete",
    done: "Report deleted",
  },
};

const LABELS: [ReportAction, string][] = [
  ["backfill", "Run for past windows"],
  ["duplicate", "Duplicate"],
  ["resume", "Resume"],
  ["stop", "Stop"],
  ["delete", "Delete"],
];

interface Props {
  data: ReportDetail;
  /** Past windows are being exported. */
  onStarted: () => void;
  path: string;
  put: (data: ReportDetail) => void;
}

/** What this user may do with the report, each behind a question that says what will happen. */
export function ReportActions({ data, onStarted, path, put }: Props) {
  const places = usePlaces();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked | "backfill">();

  const choose = (action: ReportAction) => {
    if (action === "duplicate") {
      navigate(places.create({ report: data.id }));
    } else {
      setAsked(action);
    }
  };
  const confirm = async (action: Asked) => {
    put(action === "delete" ? await remove<ReportDetail>(path) : await post<ReportDetail>(`${path}/${action}`, {}));
    notify(QUESTIONS[action].done);
  };

  return (
    <Flex gap={2} wrap="wrap">
      {LABELS.filter(([action]) => data.actions.includes(action)).map(([action, label]) => (
        <Button
          colorPalette={action === "delete" ? "danger" : "brand"}
          key={action}
          onClick={() => choose(action)}
          variant="outline"
        >
          {label}
        </Button>
      ))}
      {asked === "backfill" && (
        <PastWindowsDialog
          onClose={() => setAsked(undefined)}
          onStarted={onStarted}
          path={path}
          weekly={data.frequency === "weekly"}
        />
      )}
      {asked !== undefined && asked !== "backfill" && (
        <ConfirmDialog
          confirm={QUESTIONS[asked].confirm}
          destructive={asked === "delete"}
          onClose={() => setAsked(undefined)}
          onConfirm={() => confirm(asked)}
          title={QUESTIONS[asked].title}
        >
          <Text>{QUESTIONS[asked].text}</Text>
        </ConfirmDialog>
      )}
    </Flex>
  );
}
