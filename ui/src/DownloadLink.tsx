import { IconButton } from "@chakra-ui/react";
import type { MouseEvent } from "react";
import { asApiError, href } from "./api/client";
import { download } from "./api/download";
import type { ExportRow } from "./api/types";
import { DownloadIcon } from "./icons";
import { notifyOfFailure } from "./Notices";

type File = NonNullable<ExportRow["download"]>;

/** Click handler of a download link; if the file does not exist any more, a notice says so. */
export const downloading = (file: File) => (event: MouseEvent) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
    return; // another tab, window or place, as the browser does it
  }
  event.preventDefault();
  download(file).catch((thrown: unknown) => notifyOfFailure(asApiError(thrown)));
};

/** The download icon of a row. */
export function DownloadLink({ name, download: file, empty }: { name: string; download: File; empty: boolean }) {
  const without = empty ? " (no rows)" : "";
  return (
    <IconButton asChild size="sm" variant="ghost">
      <a
        aria-label={`Download ${name}${without}`}
        download={file.name}
        href={href(file.url)}
        onClick={downloading(file)}
        title={`Download${without}`}
      >
        <DownloadIcon />
      </a>
    </IconButton>
  );
}
