import type { WindowShown } from "./api/types";
import { useSession } from "./session";
import { exactInstant, instant, windowText } from "./time";

/** An instant in the account's timezone, with the timezone's name. */
export function Instant({ iso }: { iso: string }) {
  const { timezone } = useSession();
  return (
    <time dateTime={iso} style={{ whiteSpace: "nowrap" }} title={exactInstant(iso, timezone)}>
      {instant(iso, timezone)}
    </time>
  );
}

/** The days that a window covers. */
export function WindowDays({ window }: { window: WindowShown }) {
  const { timezone } = useSession();
  return <span title={`${window.start} to ${window.end}`}>{windowText(window, timezone)}</span>;
}
