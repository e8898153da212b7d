import { createToaster, Portal, Stack, Toast, Toaster } from "@chakra-ui/react";
import { useEffect } from "react";
import { useLocation, useNavigate } from "react-router-dom";
import type { ApiError } from "./api/client";
import { useMessage } from "./places";

const toaster = createToaster({ placement: "bottom-end", pauseOnPageIdle: true });

/** Shows a success notice, announced by screen readers (role status). */
export function notify(message: string): void {
  // Not within a render or an effect: the toaster may just be mounting.
  queueMicrotask(() => toaster.create({ title: message, type: "success", duration: 6_000 }));
}

/** Shows an error notice with what failed and what to do. */
export function notifyOfFailure({ message, fix }: ApiError): void {
  queueMicrotask(() => toaster.create({ title: message, description: fix, type: "error", duration: 12_000 }));
}

/** Renders the notices of `notify`, and the message that the previous view passed in the history state. */
export function Notices() {
  const message = useMessage();
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  useEffect(() => {
    if (message !== null) {
      notify(message);
      navigate(pathname + search, { replace: true, state: null });
    }
  }, [message, navigate, pathname, search]);

  return (
    <Portal>
      <Toaster insetInline={{ mdDown: "4" }} toaster={toaster}>
        {(toast) => (
          <Toast.Root width={{ md: "sm" }}>
            <Toast.Indicator />
            <Stack flex="1" gap="1">
              <Toast.Title>{toast.title}</Toast.Title>
              {toast.description && <Toast.Description opacity={1}>{toast.description}</Toast.Description>}
            </Stack>
            <Toast.CloseTrigger aria-label="Close" />
          </Toast.Root>
        )}
      </Toaster>
    </Portal>
  );
}
