import { Icon, type IconProps } from "@chakra-ui/react";

const drawn = (path: string) =>
  function Drawn(props: IconProps) {
    return (
      <Icon boxSize="1.15em" flexShrink={0} {...props}>
        <svg
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
          strokeLinecap="round"
          strokeLinejoin="round"
          strokeWidth={2}
          viewBox="0 0 24 24"
        >
          <path d={path} />
        </svg>
      </Icon>
    );
  };

const CIRCLE = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z";

export const AscendingIcon = drawn("M12 19V5M6 11l6-6 6 6");
export const BackIcon = drawn("M19 12H5M11 18l-6-6 6-6");
export const BranchIcon = drawn(
  "M6 3v12M18 9a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM6 21a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM18 9a9 9 0 0 1-9 9",
);
export const CheckIcon = drawn(`${CIRCLE}M8 12.5l2.7 2.7L16 9.5`);
export const ChevronIcon = drawn("M6 9l6 6 6-6");
export const CopyIcon = drawn("M9 9h11v11H9zM5 15H4V4h11v1");
export const CrossIcon = drawn(`${CIRCLE}M9 9l6 6M15 9l-6 6`);
export const DashIcon = drawn(`${CIRCLE}M8 12h8`);
export const DescendingIcon = drawn("M12 5v14M6 13l6 6 6-6");
export const DownloadIcon = drawn("M12 4v11M7 10.5l5 5 5-5M4 20h16");
export const InfoIcon = drawn("M12 16v-4m0-4h.01M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0");
export const NextIcon = drawn("m9 18 6-6-6-6");
export const PauseIcon = drawn(`${CIRCLE}M10 9v6M14 9v6`);
export const PersonIcon = drawn("M12 11a4 4 0 1 0 0-8a4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0");
export const PlayIcon = drawn(`${CIRCLE}M10 8.5v7l5.5-3.5z`);
export const PlusIcon = drawn("M12 5v14M5 12h14");
export const PreviousIcon = drawn("m15 18-6-6 6-6");
export const ReportIcon = drawn("M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h7");
export const RunIcon = drawn("M6 4l14 8-14 8z");
export const SearchIcon = drawn("M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM20 20l-4-4");
export const TickIcon = drawn("M20 6 9 17l-5-5");
export const WarningIcon = drawn("M12 9v4m0 4h.01M12 3 2 20h20z");
