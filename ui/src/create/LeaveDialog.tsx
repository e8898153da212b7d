import { Button, Dialog, Portal } from "@chakra-ui/react";
import { useRef } from "react";
import type { Leaving } from "./useLeaving";

export const LeaveDialog = ({ leaving }: { leaving: Leaving }) => {
  const stay = useRef<HTMLButtonElement>(null);
  return (
    <Dialog.Root
      initialFocusEl={() => stay.current}
      onOpenChange={({ open }) => open || leaving.onStay()}
      open={leaving.asking}
      placement="center"
      role="alertdialog"
      size="sm"
    >
      <Portal>
        <Dialog.Backdrop />
        <Dialog.Positioner>
          <Dialog.Content mx={4}>
            <Dialog.Header>
              <Dialog.Title>Leave without creating the report?</Dialog.Title>
            </Dialog.Header>
            <Dialog.Body>
              <Dialog.Description>What you entered is lost.</Dialog.Description>
            </Dialog.Body>
            <Dialog.Footer>
              <Button onClick={leaving.onStay} ref={stay} variant="outline">
                Stay
              </Button>
              <Button colorPalette="danger" onClick={leaving.onLeave}>
                Leave
              </Button>
            </Dialog.Footer>
          </Dialog.Content>
        </Dialog.Positioner>
      </Portal>
    </Dialog.Root>
  );
};
