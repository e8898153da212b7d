import { Button, Flex, Text } from "@chakra-ui/react";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { href, post } from "../api/client";
import type { ExportDetail } from "../api/types";
import { ConfirmDialog } from "../ConfirmDialog";
import { downloading } from "../DownloadLink";
import { DownloadIcon } from "../icons";
import { notify } from "../Notices";
import { usePlaces } from "../places";
import { size } from "../quantities";

interface ActionProps {
  data: ExportDetail;
  path: string;
  put: (data: ExportDetail) => void;
}

/** What this user may do with the export now. */
export function ExportActions({ data, path, put }: ActionProps) {
  const places = usePlaces();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<"retry" | "cancel">();
  const done = async (action: "retry" | "cancel") => {
    const answer = await post<ExportDetail>(`${path}/${action}`, {});
    if (answer.id === data.id) {
      put(answer);
      notify(action === "retry" ? "Export started again" : "Export cancelled");
    } else {
      // Airflow does not start the export's own run any more.
      notify("A new export of the same window was started");
      navigate(places.export(answer.id));
    }
  };
  return (
    <Flex gap={2} wrap="wrap">
      {data.download !== null && (
        <Button asChild colorPalette="brand">
          <a download={data.download.name} href={href(data.download.url)} onClick={downloading(data.download)}>
            <DownloadIcon />
            Download{" "}
            <Text as="span" fontWeight="normal">
              ({size(data.download.bytes)})
            </Text>
          </a>
        </Button>
      )}
      {data.actions.includes("retry") && (
        <Button colorPalette="brand" onClick={() => setAsked("retry")}>
          Retry
        </Button>
      )}
      {data.actions.includes("cancel") && (
        <Button onClick={() => setAsked("cancel")} variant="outline">
          Cancel
        </Button>
      )}
      {data.actions.includes("duplicate") && (
        <Button onClick={() => navigate(places.create({ export: data.id }))} variant="outline">
          Duplicate
        </Button>
      )}
      {asked === "retry" && (
        <ConfirmDialog
          confirm="Retry"
          onClose={() => setAsked(undefined)}
          onConfirm={() => done("retry")}
          title="Retry this export?"
        >
          <Text>
            {data.report === null
              ? "It runs again with the same configuration."
              : "It runs again for the same window, by the report's definition as it is now."}{" "}
            What was delivered before stays until it has finished.
          </Text>
        </ConfirmDialog>
      )}
      {asked === "cancel" && (
        <ConfirmDialog
          confirm="Cancel export"
          destructive
          onClose={() => setAsked(undefined)}
          onConfirm={() => done("cancel")}
          title="Cancel this export?"
        >
          <Text>It stops where it is. Nothing more is delivered.</Text>
        </ConfirmDialog>
      )}
    </Flex>
  );
}
