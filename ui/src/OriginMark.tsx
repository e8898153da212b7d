import { BranchIcon, PersonIcon, RunIcon } from "./icons";

const ORIGINS = {
  git: { word: "git", title: "Its definition is in git", Icon: BranchIcon },
  page: { word: "page", title: "Created on this page", Icon: PersonIcon },
  api: { word: "Airflow", title: "Started in Airflow itself", Icon: RunIcon },
};

/** Where a report or an export comes from. */
export function OriginMark({ origin }: { origin: keyof typeof ORIGINS }) {
  const { word, title, Icon } = ORIGINS[origin];
  return (
    <span style={{ whiteSpace: "nowrap" }} title={title}>
      <Icon boxSize="1em" me={1} verticalAlign="-0.125em" />
      {word}
    </span>
  );
}
