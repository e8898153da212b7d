import { Button, EmptyState } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { ReportIcon, SearchIcon } from "../icons";
import { usePlaces } from "../places";
import { useSession } from "../session";
import type { Tab } from "./listState";

const NOTHING: Record<Tab, { title: string; text: string }> = {
  one_time: { title: "No reports yet", text: "Export wallet, voucher or campaign data once, for the days you choose." },
  recurring: { title: "No recurring reports yet", text: "Have a report delivered to cloud storage every day or week." },
};

export function NothingYet({ tab }: { tab: Tab }) {
  const { may_create } = useSession();
  const places = usePlaces();
  const { title, text } = NOTHING[tab];
  return (
    <Nothing icon={<ReportIcon />} text={text} title={title}>
      {may_create && (
        <Button asChild colorPalette="brand">
          <Link to={places.create()}>Create Report</Link>
        </Button>
      )}
    </Nothing>
  );
}

export function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <Nothing icon={<SearchIcon />} text="No report has this name and these filters." title="Nothing matches">
      <Button onClick={onClear} variant="outline">
        Clear filters
      </Button>
    </Nothing>
  );
}

interface Props {
  icon: ReactNode;
  title: string;
  text: string;
  children: ReactNode;
}

function Nothing({ icon, title, text, children }: Props) {
  return (
    <EmptyState.Root role="status">
      <EmptyState.Content>
        <EmptyState.Indicator>{icon}</EmptyState.Indicator>
        <EmptyState.Title>{title}</EmptyState.Title>
        <EmptyState.Description textAlign="center">{text}</EmptyState.Description>
        {children}
      </EmptyState.Content>
    </EmptyState.Root>
  );
}
