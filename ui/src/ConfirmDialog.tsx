import { Button, Dialog, Portal, Stack } from "@chakra-ui/react";
import { type ReactNode, useRef, useState } from "react";
import { type ApiError, asApiError } from "./api/client";
import { FailureBanner } from "./Failures";

interface Props {
  title: string;
  /** Text that describes the action. */
  children: ReactNode;
  confirm: string;
  destructive?: boolean;
  disabled?: boolean;
  wide?: boolean;
  /** Runs the action; if it rejects, the error is shown and the dialog stays open. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** A confirmation dialog that stays open until the action has finished. */
export function ConfirmDialog(props: Props) {
  const { title, children, confirm, destructive = false, disabled = false, wide = false, onConfirm, onClose } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();

  const safe = useRef<HTMLButtonElement>(null);

  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(asApiError(thrown));
      setBusy(false);
    }
  };

  return (
    <Dialog.Root
      closeOnInteractOutside={!busy}
      // A stray Enter must not delete.
      initialFocusEl={destructive ? () => safe.current : undefined}
      onOpenChange={({ open }) => !open && !busy && onClose()}
      open
      placement={{ base: "bottom", md: "center" }}
      role={destructive ? "alertdialog" : "dialog"}
      scrollBehavior="inside"
      size={wide ? "lg" : "md"}
    >
      <Portal>
        <Dialog.Backdrop />
        <Dialog.Positioner>
          <Dialog.Content>
            <Dialog.Header>
              <Dialog.Title>{title}</Dialog.Title>
            </Dialog.Header>
            <Dialog.Body>
              <Stack gap={4}>
                {children}
                {error !== undefined && <FailureBanner error={error} />}
              </Stack>
            </Dialog.Body>
            <Dialog.Footer>
              <Button disabled={busy} onClick={onClose} ref={safe} variant="outline">
                {destructive ? "Keep it" : "Close"}
              </Button>
              <Button
                colorPalette={destructive ? "danger" : "brand"}
                disabled={disabled}
                loading={busy}
                onClick={() => void submit()}
              >
                {confirm}
              </Button>
            </Dialog.Footer>
          </Dialog.Content>
        </Dialog.Positioner>
      </Portal>
    </Dialog.Root>
  );
}
