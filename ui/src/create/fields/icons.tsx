import { Icon, type IconProps } from "@chakra-ui/react";

const drawn = (path: string) => (props: IconProps) => (
  <Icon boxSize={4} flexShrink={0} {...props}>
    <svg
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth="2"
      viewBox="0 0 24 24"
    >
      <path d={path} />
    </svg>
  </Icon>
);

export const CheckIcon = drawn("M20 6 9 17l-5-5");
export const ChevronIcon = drawn("m6 9 6 6 6-6");
export const PreviousIcon = drawn("m15 18-6-6 6-6");
export const NextIcon = drawn("m9 18 6-6-6-6");
export const InfoIcon = drawn("M12 16v-4m0-4h.01M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0");
