/** Which buckets take the exports of a draft. */

import { type BucketShown, FrequencyLabels } from "../../api/types";
import type { Draft } from "../draft";

/** Whether a bucket's folder tells the exports of the draft's frequency apart. */
export const takes = (bucket: BucketShown, draft: Draft): boolean =>
  bucket.frequencies.includes(draft.recurring ? draft.interval : "one_time");

/** What a bucket takes that does not take reports of every frequency: `daily and weekly reports only`. */
export const takesOnly = (bucket: BucketShown): string =>
  `${bucket.frequencies.map((each) => FrequencyLabels[each].toLowerCase()).join(" and ")} reports only`;
