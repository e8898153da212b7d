import { Link } from "@chakra-ui/react";
import { href } from "../api/client";
import type { ExportDetail } from "../api/types";
import { Facts, Section } from "../Configuration";

/** What was counted, summed and left out, as the manifest says it. */
export function ManifestSection({ data }: { data: ExportDetail }) {
  const link = data.manifest !== null && (
    <Link href={href(data.manifest)} rel="noreferrer" target="_blank" variant="underline">
      manifest.json
    </Link>
  );
  return (
    <Section aside={link} title="Manifest">
      <Facts rows={data.facts} />
    </Section>
  );
}
