import { ApiError } from "./api/client";
import { FailureView } from "./Failures";

const error = new ApiError({
  status: 404,
  code: "not_found",
  reason: "There is nothing at this address.",
  fix: "Start from the list of reports.",
  problems: [],
});

export function NotFoundView() {
  return <FailureView error={error} onRetry={() => undefined} />;
}
