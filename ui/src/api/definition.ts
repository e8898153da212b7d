/** A report definition, as an engineer writes it in YAML and the page posts it (docs/definitions.md).
 *
 * The keys are those of the API. A key that is null says the same as one that is absent, which the page writes; what is
 * registered on the server (formats, cell policies, masks, cloud partners) may be more than when the types were generated.
 */

import type { DefinitionBody, DeliveryForm, PartnerExportForm } from "./types";

/** The shape that a delivery has of its own: what is absent is the report's. */
export interface OwnShape {
  csv_safety?: string;
  format?: string;
}

type Given<T> = { [Key in keyof T]: NonNullable<T[Key]> };

/** Keys that every definition has; the API says at which one it misses one. */
type Always = "name" | "report_type" | "filters" | "frequency";

type PartnerExport = Omit<Given<PartnerExportForm>, "partner" | keyof OwnShape> & OwnShape & { partner: string };
type Delivery =
  | "download"
  | { download: OwnShape }
  | (Omit<DeliveryForm, "partner_export"> & { partner_export: PartnerExport });

export type Definition = Omit<Given<DefinitionBody>, "csv_safety" | "delivery" | "format" | "personal_data" | Always> &
  Required<Given<Pick<DefinitionBody, Always>>> & {
    csv_safety?: string;
    delivery: Delivery[];
    format?: string;
    personal_data?: Record<string, string>;
  };
