import { Alert, CloseButton, List } from "@chakra-ui/react";
import { useEffect, useRef } from "react";

export interface Message {
  lines: readonly string[];
  status: "error" | "info";
  title: string;
}

/** A message about the whole form; it scrolls into view, since the buttons are at the bottom. */
export const Banner = ({ message, onClose }: { message: Message; onClose: () => void }) => {
  const frame = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new message comes into view
  useEffect(() => {
    frame.current?.scrollIntoView({ block: "nearest" });
  }, [message]);
  return (
    <Alert.Root ref={frame} role={message.status === "error" ? "alert" : "status"} status={message.status}>
      <Alert.Indicator />
      <Alert.Content>
        <Alert.Title>{message.title}</Alert.Title>
        <Alert.Description>
          <List.Root
            listStyleType={message.lines.length > 1 ? undefined : "none"}
            ps={message.lines.length > 1 ? 4 : 0}
          >
            {message.lines.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List.Root>
        </Alert.Description>
      </Alert.Content>
      <CloseButton insetEnd={-2} onClick={onClose} pos="relative" size="xs" top={-2} />
    </Alert.Root>
  );
};
