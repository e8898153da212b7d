/** Which report types the form does not offer, and why: a sentence for each reason. */

import type { FormInfo } from "../../api/types";

export const notOffered = (form: FormInfo): string[] => {
  const refused = form.report_types.filter((each) => !each.may_create).map((each) => each.title);
  const broken = form.broken.map(({ file, reason }) => `${file} cannot be used: ${reason}`);
  return refused.length === 0
    ? broken
    : [`You may not create ${inWords(refused)}. Ask an administrator for write access.`, ...broken];
};

const inWords = (titles: string[]): string =>
  titles.length === 1 ? (titles[0] ?? "") : `${titles.slice(0, -1).join(", ")} or ${titles.at(-1)}`;
