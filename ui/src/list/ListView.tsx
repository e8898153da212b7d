import { Box, Button, HStack, Stack, Tabs, Text } from "@chakra-ui/react";
import { useEffect } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { paceOf } from "../api/polling";
import { FrequencyLabels, type PageExportRow, type PageReportRow } from "../api/types";
import { useGet } from "../api/useGet";
import { FailureBanner } from "../Failures";
import { PlusIcon } from "../icons";
import { PageHeading } from "../PageHeading";
import { usePlaces } from "../places";
import { StatusChanges } from "../StatusChanges";
import { useSession } from "../session";
import { NothingMatches, NothingYet } from "./EmptyList";
import { Filters } from "./Filters";
import { cleared, isFiltered, type ListState, onTab, parse, type Tab, toPath, toSearch } from "./listState";
import { Paging } from "./Paging";
import { ReportsTable } from "./ReportsTable";

const paceOfPage = ({ items }: PageExportRow | PageReportRow) => paceOf(items);

/** The list of reports: One Time and Recurring. */
export function ListView() {
  const { may_check_destinations, may_create, timezone } = useSession();
  const places = usePlaces();
  const [search, setSearch] = useSearchParams();
  const state = parse(search);
  const go = (next: ListState, replace = false) => setSearch(toSearch(next), { replace });

  return (
    <>
      <PageHeading title="Reports">
        <HStack gap={2} wrap="wrap">
          {may_check_destinations && (
            <Button asChild variant="outline">
              <Link to={places.destinations()}>Destinations</Link>
            </Button>
          )}
          {may_create && (
            <Button asChild colorPalette="brand">
              <Link to={places.create()}>
                <PlusIcon />
                Create Report
              </Link>
            </Button>
          )}
        </HStack>
      </PageHeading>
      <Tabs.Root
        colorPalette="brand"
        lazyMount
        onValueChange={({ value }) => go(onTab(state, value as Tab))}
        unmountOnExit
        value={state.tab}
      >
        <Tabs.List>
          <Tabs.Trigger value="one_time">{FrequencyLabels.one_time}</Tabs.Trigger>
          <Tabs.Trigger value="recurring">Recurring</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value={state.tab}>
          <ReportList go={go} key={state.tab} state={state} />
        </Tabs.Content>
      </Tabs.Root>
      <Text color="fg.muted" fontSize="xs">
        Times are in the account's timezone, {timezone}.
      </Text>
    </>
  );
}

interface ListProps {
  state: ListState;
  go: (next: ListState, replace?: boolean) => void;
}

function ReportList({ state, go }: ListProps) {
  const {
    data: held,
    error,
    loading,
    reload,
    stale,
  } = useGet<PageExportRow | PageReportRow>(toPath(state), paceOfPage);
  // Of another search: its rows fade until the answer is there, and that it found nothing says nothing.
  const data = stale && held?.items.length === 0 ? undefined : held;
  const empty = data !== undefined && data.items.length === 0;
  const outdated = state.cursor !== null && error?.problems.some(({ path }) => path === "cursor") === true;
  useEffect(() => {
    if (outdated) {
      go({ ...state, cursor: null }, true); // a shared address whose page is gone: the first page
    }
  });
  return (
    <Stack gap={4}>
      {(!empty || isFiltered(state)) && <Filters go={go} state={state} />}
      {error !== undefined && !outdated && <FailureBanner error={error} onRetry={reload} />}
      {empty ? (
        isFiltered(state) ? (
          <NothingMatches onClear={() => go(cleared(state))} />
        ) : (
          <NothingYet tab={state.tab} />
        )
      ) : (
        (data !== undefined || error === undefined) && (
          <Box aria-busy={loading} opacity={stale ? 0.5 : 1}>
            <ReportsTable go={go} rows={data?.items} state={state} />
          </Box>
        )
      )}
      {data !== undefined && !empty && <Paging go={go} page={data} state={state} />}
      <StatusChanges rows={data?.items ?? []} />
    </Stack>
  );
}
