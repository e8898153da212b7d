import { IconButton } from "@chakra-ui/react";
import { href } from "./api/client";
import type { ExportRow } from "./api/types";
import { DownloadIcon } from "./icons";

/** The download icon of a row. */
export function DownloadLink({ name, download }: { name: string; download: NonNullable<ExportRow["download"]> }) {
  return (
    <IconButton asChild size="sm" variant="ghost">
      <a aria-label={`Download ${name}`} download={download.name} href={href(download.url)} title="Download">
        <DownloadIcon />
      </a>
    </IconButton>
  );
}
