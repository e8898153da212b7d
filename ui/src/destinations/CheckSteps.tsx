import { Badge, HStack, Stack, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";
import type { CheckedStep } from "../api/types";
import { CheckIcon, CrossIcon, DashIcon } from "../icons";
import { stepLabel } from "./summary";

const LOOKS: Record<CheckedStep["state"], { palette: string; icon: ReactNode; label: string }> = {
  ok: { palette: "success", icon: <CheckIcon />, label: "OK" },
  problem: { palette: "failed", icon: <CrossIcon />, label: "Problem" },
  "not checked": { palette: "gray", icon: <DashIcon />, label: "Not checked" },
};

/** What each step of a check has found, in order. */
export function CheckSteps({ steps }: { steps: CheckedStep[] }) {
  return (
    <Stack as="ol" gap={3} listStyleType="none">
      {steps.map(({ name, sentence, state }) => {
        const { icon, label, palette } = LOOKS[state];
        return (
          <Stack as="li" gap={0.5} key={name}>
            <HStack gap={3} wrap="wrap">
              <Text fontWeight="medium">{stepLabel(name)}</Text>
              <Badge colorPalette={palette}>
                {icon} {label}
              </Badge>
            </HStack>
            <Text color={state === "problem" ? undefined : "fg.muted"} fontSize="sm" overflowWrap="anywhere">
              {sentence}
            </Text>
          </Stack>
        );
      })}
    </Stack>
  );
}
