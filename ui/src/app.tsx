import { Stack } from "@chakra-ui/react";
import { useEffect } from "react";
import { useLocation, useNavigate } from "react-router-dom";
import type { Session } from "./api/types";
import { useGet } from "./api/useGet";
import { CreateView } from "./CreateView";
import { DestinationsView } from "./destinations/DestinationsView";
import { ErrorBoundary } from "./ErrorBoundary";
import { ExportView } from "./export/ExportView";
import { FailureView } from "./Failures";
import { LoadingLines } from "./LoadingLines";
import { ListView } from "./list/ListView";
import { NotFoundView } from "./NotFoundView";
import { Notices } from "./Notices";
import { usePlace } from "./places";
import { ReportView } from "./report/ReportView";
import { SessionContext } from "./session";

let settled = false;

/** What Airflow renders at `/plugin/<route>/*`, inside its own theme and router. */
export default function ReportsPage() {
  const navigate = useNavigate();
  const location = useLocation();
  // Airflow shows a plugin through React.lazy at first and directly from its next render on. To React that is another
  // component: it mounts the page anew, and whatever was typed is gone. So ask for that render before anybody types.
  useEffect(() => {
    if (!settled) {
      settled = true;
      navigate(location, { replace: true, state: location.state });
    }
  }, [navigate, location]);

  return (
    <ErrorBoundary>
      <Stack gap={5} height="full" overflowY="auto" p={{ base: 4, md: 6 }} textStyle="sm">
        <SignedIn />
      </Stack>
      <Notices />
    </ErrorBoundary>
  );
}

function SignedIn() {
  const { data: session, error, reload } = useGet<Session>("session");
  if (session !== undefined) {
    return (
      <SessionContext value={session}>
        <View />
      </SessionContext>
    );
  }
  return error === undefined ? <LoadingLines /> : <FailureView error={error} onRetry={reload} />;
}

function View() {
  const place = usePlace();
  switch (place.view) {
    case "list":
      return <ListView />;
    case "create":
      return <CreateView />;
    case "destinations":
      return <DestinationsView />;
    case "export":
      return <ExportView id={place.id} key={place.id} />;
    case "report":
      return <ReportView id={place.id} key={place.id} />;
    case "unknown":
      return <NotFoundView />;
  }
}
