import { Text } from "@chakra-ui/react";
import type { DestinationsConnected } from "../api/types";
import { useGet } from "../api/useGet";
import { BackLink } from "../BackLink";
import { FailureBanner, FailureView } from "../Failures";
import { LoadingLines } from "../LoadingLines";
import { PageHeading } from "../PageHeading";
import { DestinationSection } from "./DestinationSection";

/** For operators: where exports of the account go, and a check of each place. */
export function DestinationsView() {
  const { data, error, reload } = useGet<DestinationsConnected>("destinations");
  if (data === undefined) {
    return error === undefined ? <LoadingLines /> : <FailureView error={error} onRetry={reload} />;
  }
  const buckets = data.items.some(({ connection }) => connection !== null);
  return (
    <>
      <BackLink />
      <PageHeading title="Destinations" />
      {error !== undefined && <FailureBanner error={error} onRetry={reload} />}
      <Text color="fg.muted">
        A check writes a small file, reads it, replaces it, lists it and deletes it again. It runs on Airflow's API
        server: what workers can reach, <code>promo-reports check-destination</code> tells on one of them.
      </Text>
      {data.items.map((destination) => (
        <DestinationSection destination={destination} key={destination.id} />
      ))}
      {!buckets && (
        <Text color="fg.muted">
          No bucket is connected. Add one to <code>partner_exports</code> in <code>include/account.yaml</code>.
        </Text>
      )}
    </>
  );
}
