import { Checkbox, Field, Flex, Input, Text } from "@chakra-ui/react";
import { useState } from "react";
import { post } from "../api/client";
import { ConfirmDialog } from "../ConfirmDialog";
import { FailureBanner } from "../Failures";
import { notify } from "../Notices";
import { counted } from "../quantities";
import { useSession } from "../session";
import { daysBefore } from "../time";
import { PastWindowList } from "./PastWindowList";
import { toExport, usePastWindows } from "./usePastWindows";

interface Props {
  path: string;
  weekly: boolean;
  onStarted: () => void;
  onClose: () => void;
}

/** Exports windows that have passed: shows what the chosen days come to before anything is started. */
export function PastWindowsDialog({ path, weekly, onStarted, onClose }: Props) {
  const today = useSession().now.slice(0, 10);
  const [first, setFirst] = useState(daysBefore(today, weekly ? 28 : 7));
  const [last, setLast] = useState(daysBefore(today, 1));
  const [again, setAgain] = useState(false);
  const { data, error } = usePastWindows(path, first, last);
  const windows = toExport(data, again).length;

  const run = async () => {
    const answer = await post<{ message: string }>(`${path}/backfill`, { first, last, again });
    notify(answer.message);
    onStarted();
  };

  return (
    <ConfirmDialog
      confirm={windows === 0 ? "Export" : `Export ${counted(windows, "window")}`}
      disabled={windows === 0}
      onClose={onClose}
      onConfirm={run}
      title="Run for past windows"
      wide
    >
      <Flex gap={4} wrap="wrap">
        <DayField label="First day" max={last} onChange={setFirst} value={first} />
        <DayField label="Last day" max={today} onChange={setLast} value={last} />
      </Flex>
      {error !== undefined && <FailureBanner error={error} />}
      {data !== undefined && <PastWindowList again={again} data={data} />}
      {data?.windows.some(({ makes, makes_again }) => makes !== makes_again) && (
        <Checkbox.Root
          checked={again}
          colorPalette="brand"
          onCheckedChange={({ checked }) => setAgain(checked === true)}
        >
          <Checkbox.HiddenInput />
          <Checkbox.Control />
          <Checkbox.Label>Export them again</Checkbox.Label>
        </Checkbox.Root>
      )}
      <Text color="fg.muted" fontSize="sm">
        Each window becomes one export, delivered as the report says.
      </Text>
    </ConfirmDialog>
  );
}

interface DayProps {
  label: string;
  value: string;
  max: string;
  onChange: (day: string) => void;
}

function DayField({ label, value, max, onChange }: DayProps) {
  return (
    <Field.Root flex="1 1 9rem" required>
      <Field.Label>{label}</Field.Label>
      <Input max={max} onChange={(event) => onChange(event.target.value)} type="date" value={value} />
    </Field.Root>
  );
}
