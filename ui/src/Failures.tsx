import { Alert, Button, Link } from "@chakra-ui/react";
import { Link as RouterLink } from "react-router-dom";
import { type ApiError, href } from "./api/client";
import { PageHeading } from "./PageHeading";
import { usePlaces } from "./places";

/** An error banner above content that was loaded before. */
export function FailureBanner({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  const signedOut = error.code === "unauthenticated";
  return (
    <Alert.Root role="alert" status={signedOut ? "warning" : "error"}>
      <Alert.Indicator />
      <Alert.Content flexDirection={{ base: "column", md: "row" }} gap={3} justifyContent="space-between" minW={0}>
        <div>
          <Alert.Title overflowWrap="anywhere">{signedOut ? "Your session has ended." : error.message}</Alert.Title>
          <Alert.Description overflowWrap="anywhere">{signedOut ? <SignInLink /> : error.fix}</Alert.Description>
        </div>
        {!signedOut && onRetry !== undefined && (
          <Button alignSelf="start" flexShrink={0} onClick={onRetry} size="xs" variant="outline">
            Try again
          </Button>
        )}
      </Alert.Content>
    </Alert.Root>
  );
}

/** An error in place of a view: forbidden, not found, or not loaded. */
export function FailureView({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  const places = usePlaces();
  const title = { forbidden: "Not allowed", not_found: "Not found" }[error.code as string] ?? "Reports";
  return (
    <>
      <PageHeading title={title} />
      <FailureBanner
        error={error}
        onRetry={error.code === "forbidden" || error.code === "not_found" ? undefined : onRetry}
      />
      {error.code === "not_found" && (
        <Link alignSelf="start" asChild colorPalette="brand">
          <RouterLink to={places.list()}>All reports</RouterLink>
        </Link>
      )}
    </>
  );
}

function SignInLink() {
  const next = new URLSearchParams({ next: globalThis.location.href });
  return (
    <Link href={`${href("api/v2/auth/login")}?${next}`} variant="underline">
      Sign in again
    </Link>
  );
}
