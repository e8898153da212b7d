/** The Report Delivery Matrix: the choices that the current ones exclude, with reasons. */

import { type FormInfo, FrequencyLabels } from "../../api/types";
import { connectedPartners, type Draft } from "../draft";

/** For each choice the reason why it is disabled, or null. */
export interface Blocked {
  cloud: string | null;
  download: string | null;
  recurring: string | null;
}

const NO_BUCKET = "No bucket is connected. Ask an administrator to connect one in include/account.yaml.";

export const blocked = (draft: Draft, form: FormInfo): Blocked => {
  const connected = connectedPartners(form).length > 0;
  return {
    cloud: cloudBlocked(draft, connected),
    download:
      draft.recurring && !draft.cloud && !draft.download
        ? "A recurring report cannot go to Device Storage alone. Choose Cloud Partner first, then you can add it."
        : null,
    recurring: recurringBlocked(draft, connected),
  };
};

const cloudBlocked = (draft: Draft, connected: boolean): string | null => {
  if (draft.cloud && draft.recurring)
    return `A recurring report needs its Cloud Partner. Choose ${FrequencyLabels.one_time} to remove it.`;
  return connected || draft.cloud ? null : NO_BUCKET;
};

const recurringBlocked = (draft: Draft, connected: boolean): string | null => {
  if (draft.recurring || draft.cloud) return null;
  if (!connected) return "Recurring reports need a Cloud Partner, and no bucket is connected.";
  return draft.download ? "Recurring reports need a Cloud Partner. Add it above to choose Recurring." : null;
};
