import { drawn } from "../../icons";

export const CheckIcon = drawn("M20 6 9 17l-5-5");
export const ChevronIcon = drawn("m6 9 6 6 6-6");
export const PreviousIcon = drawn("m15 18-6-6 6-6");
export const NextIcon = drawn("m9 18 6-6-6-6");
export const InfoIcon = drawn("M12 16v-4m0-4h.01M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0");
