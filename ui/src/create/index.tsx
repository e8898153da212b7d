import { Alert, Stack } from "@chakra-ui/react";
import type { Definition } from "../api/definition";
import type { Created, FormInfo } from "../api/types";
import { BackLink } from "../BackLink";
import { PageHeading } from "../PageHeading";
import { CreateForm } from "./CreateForm";

interface Props {
  form: FormInfo;
  /** What to start from, for Duplicate. */
  start?: Definition;
  onCreated: (created: Created) => void;
  onCancel: () => void;
}

/** The two-step form that creates a report: Setup, then Delivery. */
export function CreateReport({ form, onCancel, onCreated, start }: Props) {
  if (form.report_types.some((type) => type.may_create)) {
    return <CreateForm form={form} onCancel={onCancel} onCreated={onCreated} start={start} />;
  }
  return (
    <Stack gap={4} maxW="4xl">
      <BackLink />
      <PageHeading title="Create Report" />
      <Alert.Root status="info">
        <Alert.Indicator />
        <Alert.Content>
          <Alert.Title>There is no report type that you may create.</Alert.Title>
          <Alert.Description>Ask an administrator for write access.</Alert.Description>
        </Alert.Content>
      </Alert.Root>
    </Stack>
  );
}
