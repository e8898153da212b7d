import { Box, Center, chakra, HStack, Text } from "@chakra-ui/react";
import type { Step } from "./fields/fields";

const STEPS: { label: string; step: Step }[] = [
  { label: "Setup", step: 1 },
  { label: "Delivery", step: 2 },
];

/** The current step, and navigation to the other one. */
export const Stepper = ({ onGo, step: current }: { onGo: (step: Step) => void; step: Step }) => (
  <HStack aria-label="Steps" as="ol" gap={3} listStyleType="none">
    {STEPS.map(({ label, step }) => (
      <HStack as="li" gap={3} key={step}>
        {step === 1 ? null : <Box bg="border" h="1px" w={{ base: 6, sm: 12 }} />}
        <chakra.button
          aria-current={step === current ? "step" : undefined}
          cursor="pointer"
          focusRing="outside"
          onClick={() => onGo(step)}
          rounded="l2"
          type="button"
        >
          <HStack gap={2}>
            <Center
              bg={step <= current ? "brand.solid" : "bg.emphasized"}
              boxSize={6}
              color={step <= current ? "brand.contrast" : "fg.muted"}
              rounded="full"
              textStyle="xs"
            >
              {step}
            </Center>
            <Text color={step === current ? "fg" : "fg.muted"} fontWeight={step === current ? "semibold" : "normal"}>
              {label}
            </Text>
          </HStack>
        </chakra.button>
      </HStack>
    ))}
  </HStack>
);
